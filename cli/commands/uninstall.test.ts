import { expect, test } from "bun:test";
import { loadAll } from "js-yaml";
import type { KubeObject } from "#lib/k8s/types/meta.ts";
import { fakeCluster, runCommand } from "../../test/fake/cli.ts";
import { INSTALLED_MS, installed } from "../../test/fake/installed.ts";

const CONTROL_PLANE = { "linkerd.io/control-plane-ns": "linkerd" };
const namesOf = (yaml: string): string[] =>
  (loadAll(yaml) as KubeObject[]).map(({ kind, metadata }) =>
    [kind, metadata?.namespace, metadata?.name].filter((part) => part !== undefined).join("/"),
  );
const meshed = (name: string): KubeObject => ({
  apiVersion: "v1",
  kind: "Pod",
  ...({
    metadata: { name, namespace: "shop", labels: CONTROL_PLANE },
    spec: { containers: [{ name: "linkerd-proxy" }] },
    status: { phase: "Running" },
  } as object),
});

test("uninstall names all that is outside of namespaces, the webhook first and the namespace last", async () => {
  const { status, out } = await runCommand(["uninstall"], { client: fakeCluster(installed()) });
  expect(status).toBe(0);
  const names = namesOf(out);
  expect([names[0], names.at(-1)]).toEqual([
    "MutatingWebhookConfiguration/linkerd-proxy-injector-webhook-config",
    "Namespace/linkerd",
  ]);
  const outside = installed().filter(
    ({ metadata }) => metadata?.labels?.["linkerd.io/control-plane-ns"] === "linkerd",
  );
  const wanted = outside.filter(({ metadata }) => metadata?.namespace === undefined);
  expect(names).toHaveLength(wanted.length);
});

test("uninstall names the pods that would be left without a control plane, unless it is forced", async () => {
  const pods = Array.from({ length: 12 }, (_, i) => meshed(`web-${i}`));
  const world = { client: fakeCluster([...installed(), ...pods]) };
  const refused = await runCommand(["uninstall"], world);
  expect([refused.status, refused.out]).toEqual([1, ""]);
  expect(refused.err).toContain("* shop/web-9\nand 2 more");
  expect((await runCommand(["uninstall", "--force"], world)).status).toBe(0);
  const nothing = await runCommand(["uninstall"], { client: fakeCluster([]) });
  expect([nothing.status, nothing.err]).toEqual([1, expect.stringContaining("nothing in the")]);
});

test("prune names what is marked as the control plane's and is no longer rendered", async () => {
  const old = [
    {
      apiVersion: "v1",
      kind: "Service",
      metadata: { name: "linkerd-old", namespace: "linkerd", labels: CONTROL_PLANE },
    },
    {
      apiVersion: "policy/v1",
      kind: "PodDisruptionBudget",
      metadata: { name: "linkerd-dst", namespace: "linkerd", labels: CONTROL_PLANE },
    },
    {
      apiVersion: "rbac.authorization.k8s.io/v1",
      kind: "ClusterRole",
      metadata: { name: "linkerd-linkerd-old", labels: CONTROL_PLANE },
    },
  ];
  const world = { wall: INSTALLED_MS, client: fakeCluster([...installed(), ...old]) };
  const { status, out } = await runCommand(["prune"], world);
  expect(status).toBe(0);
  expect(namesOf(out)).toEqual([
    "Service/linkerd/linkerd-old",
    "PodDisruptionBudget/linkerd/linkerd-dst",
    "ClusterRole/linkerd-linkerd-old",
  ]);
});

test("prune leaves certificates that others have taken over, as these are in use under the same names", async () => {
  const overrides = {
    identity: { externalCA: true, issuer: { scheme: "kubernetes.io/tls" } },
    proxyInjector: { externalSecret: true, injectCaFrom: "linkerd/injector" },
  };
  const objects = installed().map((object) =>
    object.metadata?.name === "linkerd-config-overrides"
      ? { ...object, data: { "linkerd-config-overrides": btoa(JSON.stringify(overrides)) } }
      : object,
  );
  // Others write on in what was ours, labels and all; the annotation says that it was.
  const issuer = objects.find(({ metadata }) => metadata?.name === "linkerd-identity-issuer");
  if (issuer?.metadata) issuer.metadata = { ...issuer.metadata, annotations: {} };
  const world = { wall: INSTALLED_MS, client: fakeCluster(objects) };
  const { status, err, out } = await runCommand(["prune"], world);
  expect([status, err, namesOf(out)]).toEqual([0, "", []]);
});
