import { expect, test } from "bun:test";
import type { ServiceProfile } from "../core/service-profile.ts";
import { fromProfile } from "./convert-profile.ts";

const profile: ServiceProfile = {
  ...{ name: "web.shop.svc.cluster.local", namespace: "client", routes: [], overrides: [] },
  ...{ budget: "default", opaque: [{ from: 80, to: 80 }] },
};
const of = (port: number, own?: ServiceProfile) =>
  fromProfile(
    { type: "service", name: "web", namespace: "shop", port, opaque: port === 25, profile: own },
    "cluster.local",
  );

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
