import { expect, test } from "bun:test";
import { planEntries } from "./ebpf.ts";

test("planEntries() says what the maps hold", () => {
  const plan = {
    uid: 2102,
    inboundPort: 4143,
    outboundPort: 4140,
    skipInbound: ["4190", "80-90"],
    skipOutbound: ["4567"],
    skipSubnets: ["10.0.0.0/8", "fd00::/16", "192.0.2.7"],
  };
  const surroundings = { ips: ["10.1.0.2", "fd00::2"], probeSources: ["10.1.0.1", "fd00::1"] };
  expect(planEntries(plan, surroundings)).toEqual({
    uid: 2102,
    inboundPort: 4143,
    outboundPort: 4140,
    ip4: "10.1.0.2",
    ip6: "fd00::2",
    skipPorts: [
      { direction: "inbound", from: 4190, to: 4190 },
      { direction: "inbound", from: 80, to: 90 },
      { direction: "outbound", from: 4567, to: 4567 },
    ],
    skipNetworks: [
      { direction: "inbound", ip: "10.0.0.0", prefix: 8 },
      { direction: "inbound", ip: "fd00::", prefix: 16 },
      { direction: "inbound", ip: "192.0.2.7", prefix: 32 },
      { direction: "inbound", ip: "10.1.0.1", prefix: 32 },
      { direction: "inbound", ip: "fd00::1", prefix: 128 },
    ],
  });
  const none = planEntries({ ...plan, skipSubnets: [] }, { ips: [], probeSources: [] });
  expect([none.ip4, none.ip6, none.skipNetworks]).toEqual([undefined, undefined, []]);
});
