import { expect, test } from "bun:test";
import { renderGatewayApi } from "./crds/gateway-api/render.ts";
import { POLICY_KINDS } from "./crds/policy.ts";
import { GATEWAY_ROUTES, POLICY_RESOURCES } from "./policy-resources.ts";

test("POLICY_RESOURCES are all that are defined, HTTPRoutes of the group among them", () => {
  const defined = [...POLICY_KINDS.map(({ plural }) => plural), "httproutes"];
  expect(POLICY_RESOURCES).toEqual(defined.toSorted());
});

test("GATEWAY_ROUTES are routes that the Gateway API defines", () => {
  const names = renderGatewayApi("experimental").map(({ metadata }) => metadata?.name);
  for (const plural of GATEWAY_ROUTES)
    expect(names).toContain(`${plural}.gateway.networking.k8s.io`);
});
