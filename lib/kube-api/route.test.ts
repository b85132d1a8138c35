import { expect, test } from "bun:test";
import { parseRoute } from "./route.ts";

test.each([
  ["/api/v1/pods", ["", "v1", "pods", "", "", ""]],
  ["/api/v1/namespaces/n/pods/p/log", ["", "v1", "pods", "n", "p", "log"]],
  ["/api/v1/namespaces/n", ["", "v1", "namespaces", "", "n", ""]],
  ["/api/v1/namespaces/n/finalize", ["", "v1", "namespaces", "", "n", "finalize"]],
  ["/apis/apps/v1/namespaces/n/deployments", ["apps", "v1", "deployments", "n", "", ""]],
  ["/apis/g/v1/things/a%2Fb", ["g", "v1", "things", "", "a/b", ""]],
])("parseRoute() reads %s", (path, expected) => {
  const route = parseRoute(path);
  expect(
    route && [
      route.group,
      route.version,
      route.plural,
      route.namespace,
      route.name,
      route.subresource,
    ],
  ).toEqual(expected);
});

test.each(["/api", "/api/v1", "/apis/apps", "/apis/apps/v1", "/version"])(
  "parseRoute() leaves %s alone",
  (path) => {
    expect(parseRoute(path)).toBeUndefined();
  },
);
