import { expect, test } from "bun:test";
import { NO_TRAFFIC } from "../../test/fake/outbound-world.ts";
import {
  isEgressNetwork,
  isService,
  type OutboundParent,
  parentBackend,
  refused,
  resolveBackend,
  withoutLoad,
} from "./outbound-backends.ts";
import type { BackendRef } from "./route.ts";

const load = { penaltyMs: 1, maxRetryAfterMs: 2 };
const at = { name: "web", namespace: "shop", port: 80 };
const service: OutboundParent = {
  ref: { type: "object", group: "core", kind: "Service", ...at },
  target: { type: "balancer", ...at, load },
  traffic: { ...NO_TRAFFIC, load },
};
const network: OutboundParent = {
  ref: { type: "object", group: "policy.linkerd.io", kind: "EgressNetwork", ...at, name: "all" },
  target: { type: "forward", ip: "1.1.1.1", port: 443 },
  traffic: NO_TRAFFIC,
};
const objects = { hasService: () => true, hasEgressNetwork: () => true };
const ref = (over: Partial<BackendRef>): BackendRef => ({
  ...{ group: "", kind: "Service", ...at, weight: 2, filters: [], fault: undefined },
  ...over,
});
const egress = { group: "policy.linkerd.io", kind: "EgressNetwork" };

test("references are to Services by either name of their group", () => {
  const of = (group: string, kind: string) => [
    isService({ group, kind }),
    isEgressNetwork({ group, kind }),
  ];
  expect(of("", "Service")).toEqual([true, false]);
  expect(of("core", "Service")).toEqual([true, false]);
  expect(of("policy.linkerd.io", "Service")).toEqual([false, false]);
  expect(of("policy.linkerd.io", "EgressNetwork")).toEqual([false, true]);
  expect(of("", "EgressNetwork")).toEqual([false, false]);
});

test("OUT6, OUT7: a Service is balanced by what its parent says of load; connections are not", () => {
  expect(resolveBackend(ref({}), { parent: service, objects })).toEqual({
    ref: { type: "object", group: "core", kind: "Service", ...at },
    target: { type: "balancer", ...at, load },
    filters: [],
    weight: 2,
  });
  const plain = withoutLoad(service);
  expect(resolveBackend(ref({}), { parent: plain, objects }).target).toMatchObject({
    load: undefined,
  });
  expect(parentBackend(plain).target).toMatchObject({ type: "balancer", load: undefined });
  expect(withoutLoad(network)).toEqual({ ...network });
});

test.each([
  ["one", network, "all", "forward", undefined],
  ["one", network, "other", "none", "Route with EgressNetwork backend needs to have the same"],
  [
    "a Service",
    service,
    "all",
    "none",
    "EgressNetwork backends attach to EgressNetwork parents only",
  ],
])("OUT9, OUT10: from %s to another", (_, parent, name, type, message) => {
  const found = resolveBackend(ref({ ...egress, name }), { parent, objects });
  expect(found.target.type).toBe(type as "none");
  const [filter] = found.filters;
  if (message === undefined) expect(filter).toBeUndefined();
  else expect(filter?.type === "refuse" && filter.message).toStartWith(message);
});

test("what is refused leads nowhere even where filters are not known", () => {
  const refusal = { type: "refuse", why: "rule", message: "x" } as const;
  expect(refused(refusal)).toMatchObject({
    filters: [refusal],
    backends: [{ ref: { name: "invalid" }, target: { type: "none" } }],
  });
});
