import { expect, test } from "bun:test";
import { openApiRoutes, protoRoutes, serviceProfile } from "./service-profile.ts";

test("a profile is called by the whole name of its Service", () => {
  expect(serviceProfile({ name: "web", namespace: "shop", domain: "k8s.test" }, [])).toEqual({
    apiVersion: "linkerd.io/v1alpha2",
    kind: "ServiceProfile",
    metadata: { name: "web.shop.svc.k8s.test", namespace: "shop" },
    spec: { routes: [] },
  } as never);
});

test("an OpenAPI document gives a route for each path and method, with what it says of them", () => {
  const routes = openApiRoutes({
    swagger: "2.0",
    basePath: "/v1/",
    paths: {
      "/users/{id}.json": {
        get: {
          "x-linkerd-retryable": true,
          "x-linkerd-timeout": "300ms",
          responses: { 503: {}, 200: {}, default: {} },
        },
        parameters: [],
      },
      "/a+b": { post: {}, delete: {} },
    },
  });
  expect(routes).toEqual([
    { name: "DELETE /v1/a+b", condition: { method: "DELETE", pathRegex: "/v1/a\\+b" } },
    { name: "POST /v1/a+b", condition: { method: "POST", pathRegex: "/v1/a\\+b" } },
    {
      name: "GET /v1/users/{id}.json",
      condition: { method: "GET", pathRegex: "/v1/users/[^/]*\\.json" },
      isRetryable: true,
      timeout: "300ms",
      responseClasses: [
        { condition: { status: { min: 200, max: 200 } } },
        { condition: { status: { min: 503, max: 503 } }, isFailure: true },
      ],
    },
  ]);
});

test.each([
  ["https://example.com/api", "/api/x"],
  ["https://example.com", "/x"],
  ["/api", "/api/x"],
])("the path of server %s goes in front", (url, path) => {
  const [route] = openApiRoutes({
    openapi: "3.0.0",
    servers: [{ url }],
    paths: { "/x": { get: {} } },
  });
  expect(route?.condition.pathRegex).toBe(path);
});

test("a path of an OpenAPI document begins with one slash, however it is written", () => {
  const paths = { items: { get: {} }, "//all": { get: {} } };
  expect(openApiRoutes({ basePath: "/v1/", paths }).map(({ name }) => name)).toEqual([
    "GET /v1/all",
    "GET /v1/items",
  ]);
});

test.each([[undefined], [null], ["text"], [[]], [{}], [{ paths: [] }]])(
  "%j is no OpenAPI document",
  (document) => {
    expect(() => openApiRoutes(document)).toThrow("it has no paths");
  },
);

test("a protobuf file gives a route for each method, whatever is written around them", () => {
  const text = `
    syntax = "proto3"; // service Commented { rpc Out (A) returns (B); }
    package shop.v1;
    /* service Also { rpc Out (A) returns (B); } */
    option go_package = "service Text { rpc Out }";
    message Service { string rpc = 1; }
    service Cart {
      rpc Add (Item) returns (Empty) { option (google.api.http) = { post: "/add" }; }
      rpc Watch(stream Item) returns (stream Empty);
    }
    service Stock { rpc Get(Item) returns (Item); }`;
  expect(protoRoutes(text).map(({ name, condition }) => [name, condition.pathRegex])).toEqual([
    ["Add", "/shop\\.v1\\.Cart/Add"],
    ["Watch", "/shop\\.v1\\.Cart/Watch"],
    ["Get", "/shop\\.v1\\.Stock/Get"],
  ]);
});

test("a method that says that it is idempotent, or only reads, may be tried again", () => {
  const text = `
    service A {
      option idempotency_level = IDEMPOTENT;
      rpc Put(X) returns (X) { option idempotency_level = IDEMPOTENT; }
      rpc Get(X) returns (X) { option deprecated = true; option (idempotency_level) = NO_SIDE_EFFECTS; }
      rpc Add(X) returns (X) { option idempotency_level = IDEMPOTENCY_UNKNOWN; }
      rpc Tell(X) returns (X) { option (own.level) = { idempotency_level: IDEMPOTENT }; }
      rpc Last(X) returns (X);
    }`;
  const retried = protoRoutes(text).filter(({ isRetryable }) => isRetryable === true);
  expect(retried.map(({ name }) => name)).toEqual(["Put", "Get"]);
});

test("a file without a package, and one without a service", () => {
  expect(protoRoutes("service A { rpc B(C) returns (D); }")[0]?.condition.pathRegex).toBe("/A/B");
  expect(() => protoRoutes('syntax = "proto3";')).toThrow("no service with methods");
});
