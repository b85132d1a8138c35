import { afterEach, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { createKubeClient } from "#lib/k8s/client.ts";
import { readInCluster } from "#lib/k8s/in-cluster.ts";
import { NAMESPACES } from "#lib/k8s/resource.ts";
import type { KubeObject } from "#lib/k8s/types/meta.ts";
import { FakeControllers } from "../fake/controllers.ts";
import { codeOf, FakeKubeApi } from "../fake/kube-api.ts";
import { until } from "../fake/mesh.ts";
import { KubernetesBed } from "./kubernetes-bed.ts";

const stops: (() => unknown)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0).toReversed()) await stop();
});

const rbac = (kind: string, plural: string) => ({
  group: "rbac.authorization.k8s.io",
  version: "v1",
  plural,
  kind,
  namespaced: false,
});
const ROLES = rbac("ClusterRole", "clusterroles");
const BINDINGS = rbac("ClusterRoleBinding", "clusterrolebindings");
const ROLE = {
  metadata: { name: "reader" },
  rules: [{ apiGroups: [""], resources: ["configmaps"], verbs: ["list", "watch"] }],
} as KubeObject;
const BINDING = {
  metadata: { name: "reader" },
  roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: "reader" },
  subjects: [{ kind: "User", apiGroup: "rbac.authorization.k8s.io", name: "guest" }],
} as KubeObject;

test("F16: a right that is taken away is told with what is missing, what is known stays, and it recovers", async () => {
  const bed = await KubernetesBed.start({
    token: "guest",
    prepare: async ({ admin }) => {
      await admin.create(ROLES, ROLE);
      await admin.create(BINDINGS, BINDING);
    },
  });
  stops.push(() => bed.stop());
  await bed.put("a", "1");
  await bed.soon(() => bed.value("a") === "1", "a");
  const { admin } = bed.kube;
  await admin.delete(BINDINGS, { name: "reader" });
  expect(await bed.until(() => bed.informer.degraded, "the refusal")).toBeLessThan(60_000);
  await bed.put("a", "2");
  await bed.pass(30_000);
  expect(bed.value("a")).toBe("1");
  expect(bed.log.lines.join("\n")).toContain(
    'configmaps is forbidden: User "guest" cannot watch resource "configmaps"',
  );
  expect(bed.log.lines.length).toBeLessThan(15);
  await admin.create(BINDINGS, BINDING);
  expect(await bed.until(() => bed.value("a") === "2", "a again")).toBeLessThan(16_000);
  expect(bed.informer.degraded).toBe(false);
});

test("F1: a role without the API serves on, is ready, and says in its metrics that it may be behind", async () => {
  const plane = await FakeControllers.start();
  stops.push(() => plane.stop());
  const admin = `http://127.0.0.1:${plane.destination.adminPort}`;
  const degraded = async (): Promise<string | undefined> => {
    const text = await (await fetch(`${admin}/metrics`)).text();
    return /^bunkerd_kubernetes_degraded\{kind="pod"\} (\d)$/m.exec(text)?.[1];
  };
  const shows = (value: string): Promise<void> =>
    until(
      async () => (await degraded()) === value,
      () => `degraded is not ${value}`,
    );
  await shows("0");
  plane.kube.cutWatches();
  await shows("1");
  expect((await fetch(`${admin}/ready`)).status).toBe(200);
  plane.kube.api.faults.clear();
  await shows("0");
});

test("F17: a token and a CA that change are used from the next request on", async () => {
  const directory = mkdtempSync(`${tmpdir()}/account-`);
  stops.push(() => rmSync(directory, { recursive: true }));
  const give = (kube: FakeKubeApi, token: string): void => {
    writeFileSync(`${directory}/ca.crt`, kube.authority.anchorsPem);
    writeFileSync(`${directory}/token`, `${token}\n`);
  };
  const first = await FakeKubeApi.start();
  const port = new URL(first.url).port;
  give(first, "guest");
  const access = await readInCluster({ host: "localhost", port, directory });
  const client = createKubeClient(access);
  expect(await codeOf(client.list(NAMESPACES))).toBe("forbidden");
  give(first, "admin");
  expect(await codeOf(client.list(NAMESPACES))).toBe("none");
  first.stop();
  const second = await FakeKubeApi.start(undefined, Number(port));
  stops.push(() => second.stop());
  await second.admin.create(NAMESPACES, { metadata: { name: "of-the-second" } });
  give(second, "admin");
  expect((await client.get(NAMESPACES, { name: "of-the-second" }))?.metadata?.name).toBeDefined();
});
