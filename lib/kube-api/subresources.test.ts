import { afterAll, beforeAll, expect, test } from "bun:test";
import { PODS } from "#lib/k8s/resource.ts";
import { FakeKubeApi } from "../../test/fake/kube-api.ts";

let fake: FakeKubeApi;
beforeAll(async () => {
  fake = await FakeKubeApi.start();
});
afterAll(() => fake.stop());

const pod = (name: string) =>
  ({
    metadata: { name, namespace: "mesh" },
    spec: { containers: [{ name: "c", image: "i" }] },
  }) as never;

test("logs come from the node", async () => {
  await fake.admin.create(PODS, pod("logged"));
  expect((await fake.ask("/api/v1/namespaces/mesh/pods/logged/log")).status).toBe(503);
  fake.api.setNode({
    log: async function* ({ container }) {
      yield Buffer.from(`${container}: `);
      yield Buffer.from("hello\n");
    },
    proxy: async ({ pod, port, method, path }) => ({
      ...{
        status: 203,
        contentType: "text/x",
        body: Buffer.from(`${method} ${pod} ${port} ${path}`),
      },
    }),
    connect: async () => {
      throw new Error("no ports here");
    },
    run: () => {
      throw new Error("no sessions here");
    },
  });
  expect(await (await fake.ask("/api/v1/namespaces/mesh/pods/logged/log")).text()).toBe(
    "c: hello\n",
  );
  expect((await fake.ask("/api/v1/namespaces/mesh/pods/logged/log?container=x")).status).toBe(400);
  const proxied = await fake.ask("/api/v1/namespaces/mesh/pods/logged:4191/proxy/a/b?c=d");
  expect([proxied.status, await proxied.text()]).toEqual([203, "GET logged 4191 /a/b?c=d"]);
  expect((await fake.ask("/api/v1/namespaces/mesh/pods/none:1/proxy/")).status).toBe(404);
});

test("scale, eviction and bound tokens are served", async () => {
  const { client } = fake.api;
  const made = await client.create(PODS, {
    metadata: { name: "bound", namespace: "mesh" },
    spec: { containers: [{ name: "c" }] },
  } as never);
  const token = (boundObjectRef: unknown, expirationSeconds = 600) =>
    fake.ask("/api/v1/namespaces/mesh/serviceaccounts/default/token", {
      method: "POST",
      body: JSON.stringify({ spec: { boundObjectRef, expirationSeconds } }),
    });
  const pod = { kind: "Pod", name: "bound", uid: made.metadata?.uid };
  expect([(await token(pod)).status, (await token({ ...pod, uid: "x" })).status]).toEqual([
    201, 409,
  ]);
  expect((await token(pod, 1)).status).toBe(422);
  const eviction = { method: "POST", body: "{}" };
  expect((await fake.ask("/api/v1/namespaces/mesh/pods/bound/eviction", eviction)).status).toBe(
    201,
  );
  expect((await fake.ask("/api/v1/namespaces/mesh/pods/bound/none")).status).toBe(404);
});
