import { expect, test } from "bun:test";
import { NO_TRAFFIC } from "../../test/fake/outbound-world.ts";
import type { ServiceView } from "../core/outbound-policy.ts";
import type { ServiceProfile } from "../core/service-profile.ts";
import { fromProfile } from "./convert-profile.ts";

const service: ServiceView = {
  ...{ name: "web", namespace: "shop", clusterIps: ["10.96.0.1"], external: false },
  ...{ ports: new Map([[80, undefined]]), portNames: new Map(), traffic: NO_TRAFFIC },
  opaque: [{ from: 25, to: 25 }],
};
const profile: ServiceProfile = {
  ...{ name: "web.shop.svc.cluster.local", namespace: "client", routes: [], overrides: [] },
  ...{ budget: "default", opaque: [{ from: 80, to: 80 }] },
};
const of = (port: number, own?: ServiceProfile) =>
  fromProfile({ type: "service", service, port, profile: own }, "cluster.local");

test("DST9, DST15: a port is opaque by the Service or by its ServiceProfile", () => {
  expect(
    [of(80), of(25), of(80, profile), of(81, profile)].map((each) => each.opaqueProtocol),
  ).toEqual([false, true, true, false]);
});

test("DST15: what there is nothing to say of", () => {
  expect(fromProfile({ type: "empty" }, "cluster.local")).toEqual({});
  const outside = { type: "endpoint", endpoint: undefined, opaque: false } as const;
  expect(fromProfile(outside, "cluster.local")).toMatchObject({
    opaqueProtocol: false,
    retryBudget: { minRetriesPerSecond: 10 },
  });
  expect(of(80, { ...profile, budget: "none" }).retryBudget).toBeUndefined();
});
