import { afterAll, beforeAll, expect, test } from "bun:test";
import { CONFIG_MAPS, PODS } from "#lib/k8s/resource.ts";
import { codeOf, FakeKubeApi } from "../../test/fake/kube-api.ts";

let fake: FakeKubeApi;
beforeAll(async () => {
  fake = await FakeKubeApi.start();
});
afterAll(() => fake.stop());

const map = (name: string, data: Record<string, string> = {}) => ({
  metadata: { name, namespace: "mesh" },
  data,
});
const pod = (name: string) =>
  ({
    metadata: { name, namespace: "mesh" },
    spec: { containers: [{ name: "c", image: "i" }] },
  }) as never;

test("are created, read, replaced, patched and deleted", async () => {
  const made = await fake.admin.create(CONFIG_MAPS, map("crud", { a: "1" }));
  expect(made.metadata?.uid).toBeString();
  expect(await codeOf(fake.admin.create(CONFIG_MAPS, map("crud")))).toBe("already-exists");
  const replaced = await fake.admin.replace(CONFIG_MAPS, { ...made, data: { a: "2" } });
  expect(await codeOf(fake.admin.replace(CONFIG_MAPS, made))).toBe("conflict");
  expect(replaced.data).toEqual({ a: "2" });
  const name = { name: "crud", namespace: "mesh" };
  const patch = (type: "json" | "merge" | "strategic", body: unknown) =>
    fake.admin.patch(CONFIG_MAPS, name, { type, body });
  await patch("json", [{ op: "add", path: "/data/b", value: "3" }]);
  await patch("merge", { data: { a: null } });
  expect((await patch("strategic", { data: { c: "4" } })).data).toEqual({ b: "3", c: "4" });
  await fake.admin.delete(CONFIG_MAPS, name);
  await fake.admin.delete(CONFIG_MAPS, name);
  expect(await fake.admin.get(CONFIG_MAPS, name)).toBeUndefined();
});

test("have owners of their fields", async () => {
  const name = { name: "owned", namespace: "mesh" };
  const apply = (fieldManager: string, data?: Record<string, string>, force = false) =>
    fake.admin.patch(CONFIG_MAPS, name, {
      type: "apply",
      fieldManager,
      force,
      body: {
        apiVersion: "v1",
        kind: "ConfigMap",
        metadata: { name: "owned" },
        ...(data && { data }),
      },
    });
  await apply("one", { a: "1", b: "1" });
  expect(await codeOf(apply("two", { a: "2" }))).toBe("conflict");
  await apply("two", { a: "2" }, true);
  const after = await apply("one");
  expect(after.data).toEqual({ a: "2" });
  expect(after.metadata?.managedFields?.map(({ manager }) => manager)).toEqual(["two"]);
});

test("of a finalizer stay until it is gone; pods with a node until their grace is over", async () => {
  await fake.admin.create(CONFIG_MAPS, {
    metadata: { name: "held", namespace: "mesh", finalizers: ["x/y"] },
  });
  const name = { name: "held", namespace: "mesh" };
  await fake.admin.delete(CONFIG_MAPS, name);
  expect((await fake.admin.get(CONFIG_MAPS, name))?.metadata?.deletionTimestamp).toBeString();
  await fake.admin.patch(CONFIG_MAPS, name, {
    type: "merge",
    body: { metadata: { finalizers: null } },
  });
  expect(await fake.admin.get(CONFIG_MAPS, name)).toBeUndefined();
  await fake.admin.create(PODS, pod("graceful"));
  await fake.admin.patch(
    PODS,
    { name: "graceful", namespace: "mesh" },
    { type: "merge", body: { spec: { nodeName: "n" } } },
  );
  await fake.admin.delete(PODS, { name: "graceful", namespace: "mesh" });
  const leaving = await fake.admin.get(PODS, { name: "graceful", namespace: "mesh" });
  expect(leaving?.metadata?.deletionGracePeriodSeconds).toBe(30);
  await fake.ask("/api/v1/namespaces/mesh/pods/graceful?gracePeriodSeconds=0", {
    method: "DELETE",
  });
  expect(await fake.admin.get(PODS, { name: "graceful", namespace: "mesh" })).toBeUndefined();
});
