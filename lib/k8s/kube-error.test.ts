import { expect, test } from "bun:test";
import { kubeErrorOf } from "./kube-error.ts";

test.each([
  [409, '{"reason":"AlreadyExists","message":"there"}', "already-exists", "Cannot get x: there"],
  [404, '{"message":"gone"}', "not-found", "Cannot get x: gone"],
  [502, "<html>bad gateway</html>", "server", "Cannot get x: <html>bad gateway</html>"],
  [422, "", "invalid", "Cannot get x: status 422"],
] as const)("kubeErrorOf() %d %s", (status, body, code, message) => {
  const error = kubeErrorOf("get x", { status, body });
  expect([error.code, error.message, error.status]).toEqual([code, message, status]);
});

test("kubeErrorOf() says how long the API wants to be left alone, by header or Status", () => {
  const status = { status: 429, body: '{"details":{"retryAfterSeconds":3}}' };
  expect(kubeErrorOf("get x", status).retryAfterMs).toBe(3000);
  expect(kubeErrorOf("get x", { ...status, retryAfter: "7" }).retryAfterMs).toBe(7000);
  expect(kubeErrorOf("get x", { ...status, retryAfter: "soon" }).retryAfterMs).toBeUndefined();
  expect(kubeErrorOf("get x", { status: 503, body: "" }).retryAfterMs).toBeUndefined();
});
