import { expect, test } from "bun:test";
import { apiVersionOf, DEPLOYMENTS, NODES, PODS, resourcePath } from "./resource.ts";

test("resourcePath() names collections, objects and sub-resources", () => {
  expect(resourcePath(PODS, {})).toBe("/api/v1/pods");
  expect(resourcePath(PODS, { namespace: "a", name: "b", subresource: "status" })).toBe(
    "/api/v1/namespaces/a/pods/b/status",
  );
  expect(resourcePath(DEPLOYMENTS, { namespace: "a" })).toBe(
    "/apis/apps/v1/namespaces/a/deployments",
  );
  expect(resourcePath(NODES, { namespace: "a", name: "n/x" })).toBe("/api/v1/nodes/n%2Fx");
  expect(apiVersionOf(PODS)).toBe("v1");
  expect(apiVersionOf(DEPLOYMENTS)).toBe("apps/v1");
});
