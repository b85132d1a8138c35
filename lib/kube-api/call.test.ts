import { afterAll, beforeAll, expect, test } from "bun:test";
import { FakeKubeApi } from "../../test/fake/kube-api.ts";

let fake: FakeKubeApi;
beforeAll(async () => {
  fake = await FakeKubeApi.start();
});
afterAll(() => fake.stop());

test("bodies are JSON or YAML, numbers are numbers", async () => {
  const send = (type: string, body: string) =>
    fake
      .ask("/api/v1/namespaces/mesh/configmaps", {
        method: "POST",
        headers: { "content-type": type },
        body,
      })
      .then(({ status }) => status);
  expect(await send("application/yaml", "metadata: {name: yaml}")).toBe(201);
  expect(await send("application/json", "{")).toBe(400);
  expect(await send("application/json", "1")).toBe(400);
  expect(await send("application/vnd.kubernetes.protobuf", "k8s")).toBe(415);
  expect((await fake.ask("/api/v1/pods?limit=x")).status).toBe(400);
});
