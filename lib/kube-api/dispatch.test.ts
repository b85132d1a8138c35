import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { FakeKubeApi } from "../../test/fake/kube-api.ts";

let fake: FakeKubeApi;
beforeAll(async () => {
  fake = await FakeKubeApi.start();
});
afterAll(() => fake.stop());

describe("paths", () => {
  test.each([
    "/version",
    "/livez",
    "/api",
    "/apis",
    "/api/v1",
    "/apis/apps",
    "/apis/apps/v1",
    "/openapi/v2",
    "/openapi/v3",
    "/openapi/v3/apis/apps/v1",
    "/openid/v1/jwks",
  ])("%s is there", async (path) => {
    expect((await fake.ask(path)).status).toBe(200);
  });

  test("are refused where nothing is", async () => {
    expect((await fake.ask("/apis/none/v1")).status).toBe(404);
    expect((await fake.ask("/api/v1/nothings")).status).toBe(404);
    expect((await fake.ask("/api/v1/pods", { method: "PURGE" })).status).toBe(405);
    expect((await fake.ask("/api/v1/namespaces", { method: "POST", body: "{" })).status).toBe(400);
  });

  test("give the aggregated discovery", async () => {
    const accept = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";
    expect(await (await fake.ask("/apis", { headers: { accept } })).json()).toMatchObject({
      kind: "APIGroupDiscoveryList",
    });
  });

  test.each(["pods", "services", "nodes", "events", "secrets", "configmaps", "namespaces"])(
    "%s come as tables",
    async (plural) => {
      const table = await fake.ask(`/api/v1/${plural}`, {
        headers: { accept: "application/json;as=Table;v=v1;g=meta.k8s.io" },
      });
      expect(await table.json()).toMatchObject({ kind: "Table" });
    },
  );
});

test("faults are injected for as many requests as asked", async () => {
  fake.api.faults.inject({
    match: "GET /api/v1/nodes",
    times: 1,
    fault: { type: "status", status: 429, retryAfterSeconds: 1 },
  });
  const first = await fake.ask("/api/v1/nodes");
  expect([first.status, first.headers.get("retry-after")]).toEqual([429, "1"]);
  expect((await fake.ask("/api/v1/nodes")).status).toBe(200);
  fake.api.faults.clear();
});
