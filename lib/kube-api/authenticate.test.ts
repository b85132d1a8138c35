import { afterAll, beforeAll, expect, test } from "bun:test";
import { PODS } from "#lib/k8s/resource.ts";
import { codeOf, FakeKubeApi } from "../../test/fake/kube-api.ts";

let fake: FakeKubeApi;
beforeAll(async () => {
  fake = await FakeKubeApi.start();
});
afterAll(() => fake.stop());

test("a bad token is refused with 401, nobody with 403", async () => {
  expect(await codeOf(fake.clientOf("wrong").list(PODS))).toBe("unauthorized");
  expect(await codeOf(fake.clientOf("guest").list(PODS))).toBe("forbidden");
  expect((await fake.ask("/api/v1/pods", { headers: { authorization: "Basic x" } })).status).toBe(
    401,
  );
});
