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
    run: () => {
      throw new Error("no sessions here");
    },
  });
  expect(await (await fake.ask("/api/v1/namespaces/mesh/pods/logged/log")).text()).toBe(
    "c: hello\n",
  );
  expect((await fake.ask("/api/v1/namespaces/mesh/pods/logged/log?container=x")).status).toBe(400);
});
