import { expect, test } from "bun:test";
import type { KubeObject } from "#lib/k8s/types/meta.ts";
import { findings, installed } from "../../test/fake/installed.ts";
import { pod } from "../../test/fake/mesh-objects.ts";
import { OPAQUE_PORTS_DEFINITION } from "./opaque-ports.ts";

const KEY = "config.linkerd.io/opaque-ports";

function pair(
  serviceList: string | undefined,
  podList: string | undefined,
  targetPort: number | string | undefined = undefined,
): KubeObject[] {
  const db = pod("db-1", { app: "db" });
  const [app] = db.spec?.containers ?? [];
  if (app !== undefined) app.ports = [{ name: "sql", containerPort: 3306 }];
  if (podList !== undefined) db.metadata = { ...db.metadata, annotations: { [KEY]: podList } };
  const service = {
    kind: "Service",
    metadata: {
      name: "db",
      namespace: "default",
      ...(serviceList !== undefined && { annotations: { [KEY]: serviceList } }),
    },
    spec: { selector: { app: "db" }, ports: [{ port: 3306, ...(targetPort && { targetPort }) }] },
  };
  return [...installed(), db, service];
}

const of = async (objects: KubeObject[]): Promise<string[]> =>
  Object.values(await findings(OPAQUE_PORTS_DEFINITION, { objects }));

test("a Service and its pods that agree are well, also by a port's name", async () => {
  expect(await of(pair("3306", "3306"))).toEqual([]);
  expect(await of(pair(undefined, undefined))).toEqual([]);
  expect(await of(pair("3306", "sql", "sql"))).toEqual([]);
});

test("a Service's list has its own ports", async () => {
  const moved = (list: string | undefined): KubeObject[] =>
    pair(list, "3306").map((object) =>
      object.kind === "Service"
        ? { ...object, spec: { selector: { app: "db" }, ports: [{ port: 443, targetPort: 3306 }] } }
        : object,
    );
  expect(await of(moved("443"))).toEqual([]);
  expect(await of(moved(undefined))).toEqual([
    expect.stringContaining(`targets port 3306 by port 443: add 443 to ${KEY} of service`),
  ]);
});

test("where one of both says less, that one is named", async () => {
  expect(await of(pair("3306", undefined))).toEqual([
    `Some opaque ports are not annotated on both sides:\n\t* service default/db targets port 3306 by port 3306: add 3306 to ${KEY} of pod db-1 too`,
  ]);
  expect(await of(pair(undefined, "sql", "sql"))).toEqual([
    `Some opaque ports are not annotated on both sides:\n\t* service default/db targets port 3306 by port 3306: add 3306 to ${KEY} of service default/db too`,
  ]);
});
