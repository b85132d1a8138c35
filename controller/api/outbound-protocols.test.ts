import { expect, test } from "bun:test";
import { backend, OutboundWorld, rules } from "../../test/fake/outbound-world.ts";

test("OUT2, OUT3, OUT13: a GRPCRoute holds alone, with retries by codes", () => {
  const world = new OutboundWorld();
  const { newest } = world.watch();
  world.put("httpRoutes", "http", rules({}));
  world.put(
    "grpcRoutes",
    "calls",
    rules(
      {
        matches: [{ method: { service: "pkg.Web", method: "Get" } }],
        filters: [{ type: "RequestHeaderModifier", requestHeaderModifier: { remove: ["x"] } }],
        backendRefs: [backend("none")],
      },
      { filters: [{ type: "ResponseHeaderModifier", responseHeaderModifier: {} }] },
    ),
    {
      annotations: {
        "retry.linkerd.io/grpc":
          "cancelled,deadline-exceeded,internal,resource-exhausted,unavailable",
        "retry.linkerd.io/limit": "4",
        "retry.linkerd.io/timeout": "1s",
      },
    },
  );
  const kind = newest().protocol?.kind;
  if (kind?.case !== "grpc") throw new Error(`no gRPC: ${kind?.case}`);
  const [first, second] = kind.value.routes[0]?.rules ?? [];
  expect(first).toMatchObject({
    matches: [{ rpc: { service: "pkg.Web", method: "Get" } }],
    filters: [{ kind: { case: "requestHeaderModifier" } }],
    retry: {
      maxRetries: 4,
      maxRequestBytes: 65_536,
      timeout: { seconds: 1n },
      conditions: {
        ...{ cancelled: true, deadineExceeded: true, internal: true },
        ...{ resourceExhausted: true, unavailable: true },
      },
      backoff: {
        minBackoff: { nanos: 25_000_000 },
        maxBackoff: { nanos: 250_000_000 },
        jitterRatio: 1,
      },
    },
    backends: {
      kind: {
        value: {
          backends: [
            { backend: { filters: [{ kind: { case: "failureInjector", value: { code: 14 } } }] } },
          ],
        },
      },
    },
  });
  expect(second?.filters).toMatchObject([
    { kind: { case: "failureInjector", value: { code: 13 } } },
  ]);
});

test("OUT2, OUT3: TLSRoutes by name, else the first TCPRoute", () => {
  const world = new OutboundWorld();
  const { newest } = world.watch();
  world.put("tcpRoutes", "b", rules({ backendRefs: [backend("web"), backend("none")] }));
  world.put("tcpRoutes", "a", rules({}), { creationTimestamp: new Date(1).toISOString() as never });
  const opaque = newest().protocol?.kind;
  expect(opaque).toMatchObject({
    case: "opaque",
    value: {
      routes: [
        {
          metadata: { kind: { value: { kind: "TCPRoute", name: "b" } } },
          rules: [
            {
              backends: {
                kind: {
                  case: "randomAvailable",
                  value: {
                    backends: [
                      { backend: { filters: [] } },
                      {
                        backend: {
                          filters: [
                            {
                              kind: {
                                case: "invalid",
                                value: { message: "Service not found none" },
                              },
                            },
                          ],
                        },
                      },
                    ],
                  },
                },
              },
            },
          ],
        },
      ],
    },
  });
  expect(opaque?.case === "opaque" && opaque.value.routes).toHaveLength(1);
  world.put("tlsRoutes", "t", { ...rules({}), hostnames: ["*.example.com", "example.org"] });
  expect(newest().protocol?.kind).toMatchObject({
    case: "tls",
    value: {
      routes: [
        {
          snis: [
            { match: { case: "suffix", value: { reverseLabels: ["com", "example"] } } },
            { match: { case: "exact", value: "example.org" } },
          ],
        },
      ],
    },
  });
  world.put("tlsRoutes", "t", rules({}, {}));
  expect(newest().protocol?.kind).toMatchObject({
    case: "tls",
    value: {
      routes: [
        {
          rules: [
            {
              filters: [
                { kind: { case: "invalid", value: { message: "TLSRoute must have one rule" } } },
              ],
            },
          ],
        },
      ],
    },
  });
});
