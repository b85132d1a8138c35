import { expect, test } from "bun:test";
import { discoverResource } from "./discovery.ts";

const LISTS: Readonly<Record<string, unknown>> = {
  "/api/v1": {
    resources: [
      { name: "pods/log", kind: "Pod", namespaced: true },
      { name: "pods", kind: "Pod", namespaced: true },
    ],
  },
  "/apis/apps/v1": { resources: [{ name: "deployments", kind: "Deployment", namespaced: true }] },
};
const client = { text: async (path: string): Promise<string> => JSON.stringify(LISTS[path]) };

test("discoverResource() finds the collection of a kind, not its sub-resources", async () => {
  expect(await discoverResource(client, { apiVersion: "v1", kind: "Pod" })).toEqual({
    ...{ group: "", version: "v1", plural: "pods", kind: "Pod", namespaced: true },
  });
  const found = await discoverResource(client, { apiVersion: "apps/v1", kind: "Deployment" });
  expect(found?.plural).toBe("deployments");
  expect(await discoverResource(client, { apiVersion: "v1", kind: "None" })).toBeUndefined();
});
