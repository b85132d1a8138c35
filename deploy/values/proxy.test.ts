import { expect, test } from "bun:test";
import { EXEMPT } from "../../cni/redirect/plan.ts";
import { fakeValues } from "../../test/fake/values.ts";
import { PROXY, PROXY_INIT } from "./proxy.ts";
import { defaultsOf } from "./schema.ts";

test("PROXY has Linkerd's defaults, which the injector reads", () => {
  const { image, ...rest } = fakeValues().proxy;
  expect(defaultsOf(PROXY, "1.2.3")).toMatchObject({
    ...rest,
    image,
    logLevel: "warn,linkerd=info,hickory=error",
  } as object);
});

test("PROXY_INIT has what the node agent has without being told", () => {
  expect(defaultsOf(PROXY_INIT, "1")).toEqual({
    ignoreInboundPorts: EXEMPT.inboundPorts.join(","),
    ignoreOutboundPorts: EXEMPT.outboundPorts.join(","),
    kubeAPIServerPorts: EXEMPT.apiServerPorts.join(","),
    skipSubnets: EXEMPT.subnets.join(","),
  });
});
