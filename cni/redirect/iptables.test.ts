import { expect, test } from "bun:test";
import { iptablesRemoval, iptablesScript, JUMPS } from "./iptables.ts";

const PLAN = {
  uid: 2102,
  inboundPort: 4143,
  outboundPort: 4140,
  skipInbound: ["4190", "80-90"],
  skipOutbound: ["4567"],
  skipSubnets: ["10.0.0.0/8", "fd00::/16"],
};

test("iptablesScript() is what iptables-restore takes for IPv4", () => {
  expect(iptablesScript(PLAN, { family: "ipv4", jumps: JUMPS })).toBe(`*nat
:BUNKERD_V1_INBOUND - [0:0]
:BUNKERD_V1_OUTBOUND - [0:0]
-A BUNKERD_V1_INBOUND -i lo -j RETURN
-A BUNKERD_V1_INBOUND -p tcp -m multiport --dports 4190,80:90 -j RETURN
-A BUNKERD_V1_INBOUND -s 10.0.0.0/8 -j RETURN
-A BUNKERD_V1_INBOUND -p tcp -j REDIRECT --to-ports 4143
-A BUNKERD_V1_OUTBOUND -d 192.0.2.1/32 -p tcp --dport 4140 -j REDIRECT --to-ports 4140
-A BUNKERD_V1_OUTBOUND -m owner --uid-owner 2102 -j RETURN
-A BUNKERD_V1_OUTBOUND -o lo -j RETURN
-A BUNKERD_V1_OUTBOUND -p tcp -m multiport --dports 4567 -j RETURN
-A BUNKERD_V1_OUTBOUND -p tcp -j REDIRECT --to-ports 4140
-A PREROUTING -j BUNKERD_V1_INBOUND
-A OUTPUT -j BUNKERD_V1_OUTBOUND
COMMIT
`);
});

test("H16: iptablesScript() for IPv6 has its own networks and capture proof, and only missing jumps", () => {
  const text = iptablesScript(PLAN, { family: "ipv6", jumps: [] });
  expect(text).toContain("-s fd00::/16 -j RETURN");
  expect(text).not.toContain("10.0.0.0");
  expect(text).not.toContain("192.0.2.1");
  expect(text).toContain("-d 2001:db8::1/128 -p tcp --dport 4140 -j REDIRECT --to-ports 4140");
  expect(text).not.toContain("PREROUTING");
});

test("iptablesScript() splits ports by 15, a range as two", () => {
  const many = Array.from({ length: 14 }, (_, at) => String(at + 1));
  const skipInbound = [...many, "20-30", "40"];
  const text = iptablesScript({ ...PLAN, skipInbound }, { family: "ipv4", jumps: [] });
  expect(text).toContain(`--dports ${many.join(",")} -j`);
  expect(text).toContain("--dports 20:30,40 -j");
});

test("iptablesRemoval() takes away chains and the jumps that are there", () => {
  expect(iptablesRemoval(JUMPS.slice(0, 1))).toBe(`*nat
:BUNKERD_V1_INBOUND - [0:0]
:BUNKERD_V1_OUTBOUND - [0:0]
-D PREROUTING -j BUNKERD_V1_INBOUND
-X BUNKERD_V1_INBOUND
-X BUNKERD_V1_OUTBOUND
COMMIT
`);
});
