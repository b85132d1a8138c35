import { afterAll, beforeAll, expect, test } from "bun:test";
import { CONFIG_MAPS, TOKEN_REVIEWS } from "#lib/k8s/resource.ts";
import { codeOf, FakeKubeApi } from "../../test/fake/kube-api.ts";

let fake: FakeKubeApi;
beforeAll(async () => {
  fake = await FakeKubeApi.start();
});
afterAll(() => fake.stop());

test("the client in the process does what the one over TCP does", async () => {
  const { client } = fake.api;
  const name = { name: "local", namespace: "mesh" };
  const made = await client.create(CONFIG_MAPS, { metadata: name, data: { a: "1" } });
  expect(await codeOf(client.create(CONFIG_MAPS, { metadata: name }))).toBe("already-exists");
  await client.replace(CONFIG_MAPS, { ...made, data: { a: "2" } });
  expect(await codeOf(client.replace(CONFIG_MAPS, made))).toBe("conflict");
  await client.patch(CONFIG_MAPS, name, { type: "merge", body: { data: { b: "3" } } });
  expect((await client.get(CONFIG_MAPS, name))?.data).toEqual({ a: "2", b: "3" });
  const { items, metadata } = await client.list(CONFIG_MAPS, { namespace: "mesh" });
  expect(items).toHaveLength(1);
  const abort = new AbortController();
  const resourceVersion = metadata?.resourceVersion ?? "";
  await client.delete(CONFIG_MAPS, name);
  await client.delete(CONFIG_MAPS, name);
  const types: string[] = [];
  for await (const { type } of client.watch(CONFIG_MAPS, {
    resourceVersion,
    signal: abort.signal,
  })) {
    types.push(type);
    if (type === "DELETED") abort.abort();
  }
  expect(types).toEqual(["OPENED", "DELETED"]);
  fake.api.store.compact();
  const after: string[] = [];
  const signal = new AbortController().signal;
  for await (const { type } of client.watch(CONFIG_MAPS, { resourceVersion, signal }))
    after.push(type);
  expect(after).toEqual(["EXPIRED"]);
  const review = await client.create(TOKEN_REVIEWS, {
    metadata: {},
    spec: { token: "x" },
  } as never);
  expect(review.status?.authenticated).toBe(false);
});
