import { expect, test } from "bun:test";
import type { OutboundBackend, OutboundTarget } from "../core/outbound-backends.ts";
import { distributionOf, metadataOf } from "./convert-backend.ts";

const rule = {
  ...{ matches: [], filters: [], timeouts: undefined, retry: undefined, attached: true },
  ...{ shared: false, backends: [], backendRequestMs: undefined },
};
const how = { domain: "cluster.local", fromFilter: ({ type }: { type: string }) => type };
const backend = (target: OutboundTarget): OutboundBackend => ({
  ref: { type: "default", name: "x" },
  target,
  filters: [{ type: "refuse", why: "rule", message: "" }],
  weight: 3,
});

test("OUT5, OUT6, OUT12: nowhere, to the first, or by weight", () => {
  const backends = [backend({ type: "none" })];
  expect(distributionOf(rule, how).kind.case).toBe("empty");
  expect(distributionOf({ ...rule, backends }, how).kind).toMatchObject({
    case: "firstAvailable",
    value: { backends: [{ filters: ["refuse"], backend: { queue: { capacity: 100 } } }] },
  });
  expect(
    distributionOf({ ...rule, backends, shared: true, backendRequestMs: 1500 }, how).kind,
  ).toMatchObject({
    case: "randomAvailable",
    value: {
      backends: [{ weight: 3, backend: { requestTimeout: { seconds: 1n, nanos: 500_000_000 } } }],
    },
  });
});

test("OUT7, OUT11: a target is balanced, forwarded to, or none", () => {
  const kind = (target: OutboundTarget) => {
    const { kind: written } = distributionOf({ ...rule, backends: [backend(target)] }, how);
    return written.case === "firstAvailable" ? written.value.backends[0]?.backend.kind : undefined;
  };
  const load = { penaltyMs: 5000, maxRetryAfterMs: 1000 };
  const balancer = { type: "balancer", name: "web", namespace: "shop", port: 80 } as const;
  expect(kind({ type: "none" })).toBeUndefined();
  expect(kind({ type: "forward", ip: "::1", port: 443 })).toMatchObject({
    case: "forward",
    value: { weight: 3, addr: { port: 443, ip: { ip: { case: "ipv6" } } } },
  });
  expect(kind({ ...balancer, load: undefined })).toMatchObject({
    value: {
      discovery: { kind: { value: { path: "web.shop.svc.cluster.local:80" } } },
      load: { case: "peakEwma" },
    },
  });
  expect(kind({ ...balancer, load })).toMatchObject({
    value: { load: { case: "penaltyPeakEwma", value: { penalty: { seconds: 5n } } } },
  });
});

test("metadataOf() names an object with its port, or what is made up", () => {
  const object = { group: "core", kind: "Service", name: "web", namespace: "shop", port: 80 };
  expect(metadataOf({ type: "object", ...object })).toEqual({
    kind: { case: "resource", value: object },
  });
  expect(metadataOf({ type: "default", name: "http" })).toEqual({
    kind: { case: "default", value: "http" },
  });
});
