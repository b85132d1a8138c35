import { expect, test } from "bun:test";
import { changed, findings, installed } from "../../test/fake/installed.ts";
import { EXTENSIONS, HIGH_AVAILABILITY } from "./replicas.ts";

test("replicas are counted where they are to be kept apart, and only there", async () => {
  expect(await findings(HIGH_AVAILABILITY)).toEqual({});
  const apart = changed("ConfigMap/linkerd-config", (map: { data: Record<string, string> }) => {
    const values = JSON.parse(map.data["values"] ?? "");
    map.data["values"] = JSON.stringify({ ...values, enablePodAntiAffinity: true });
  });
  expect(Object.values(await findings(HIGH_AVAILABILITY, { objects: apart }))).toEqual([
    "Not enough replicas available for:\n\t* linkerd-destination\n\t* linkerd-identity\n\t* linkerd-proxy-injector",
  ]);
  const many = apart.map((object) =>
    object.kind === "Deployment" ? { ...object, status: { availableReplicas: 3 } } : object,
  );
  expect(await findings(HIGH_AVAILABILITY, { objects: many })).toEqual({});
});

test("an extension has one namespace, and a name", async () => {
  expect(await findings(EXTENSIONS)).toEqual({});
  const namespace = (name: string, extension: string) => ({
    kind: "Namespace",
    metadata: { name, labels: { "linkerd.io/extension": extension } },
  });
  const objects = [
    ...installed(),
    namespace("a", "viz"),
    namespace("b", "viz"),
    namespace("c", ""),
  ];
  expect(Object.values(await findings(EXTENSIONS, { objects }))).toEqual([
    "some extensions have invalid configuration:\n\t* extension viz is in several namespaces: a, b\n\t* c: linkerd.io/extension is empty",
  ]);
});
