import { expect, test } from "bun:test";
import { invalid, notFound, statusOf } from "./api-error.ts";

const resource = { group: "apps", plural: "deployments", kind: "Deployment" };

test("statusOf() says what Kubernetes says", () => {
  expect(statusOf(notFound(resource, "a"))).toMatchObject({
    kind: "Status",
    reason: "NotFound",
    code: 404,
    message: 'deployments.apps "a" not found',
  });
  const error = invalid(resource, "a", { field: "spec", message: "Required value" });
  expect(error.message).toBe('Deployment.apps "a" is invalid: spec: Required value');
  expect(error.status).toBe(422);
});
