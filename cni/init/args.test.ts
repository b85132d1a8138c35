import { expect, test } from "bun:test";
import { parseInit } from "./args.ts";

test("parseInit() takes what Linkerd's injector gives", () => {
  const words = [
    "--ipv6=false",
    "--incoming-proxy-port",
    "4143",
    "--outgoing-proxy-port",
    "4140",
    "--proxy-uid",
    "2102",
    "--inbound-ports-to-ignore",
    "4190,4191,4567,4568",
    "--outbound-ports-to-ignore",
    "4567,4568",
    "--firewall-bin-path",
    "iptables-nft",
    "--firewall-save-bin-path",
    "iptables-nft-save",
  ];
  expect(parseInit(words)).toEqual({
    plan: {
      uid: 2102,
      inboundPort: 4143,
      outboundPort: 4140,
      skipInbound: ["4190", "4191", "4567", "4568"],
      skipOutbound: ["4567", "4568"],
      skipSubnets: [],
    },
    mode: "nft",
    ipv6: false,
    simulate: false,
    netns: undefined,
    closeWaitSeconds: 0,
  });
});

test("parseInit() finds out by which rules where nothing is said, and takes legacy for iptables", () => {
  const mode = (...words: string[]): unknown => (parseInit(words) as { mode?: string }).mode;
  expect([mode(), mode("--iptables-mode=legacy"), mode("--iptables-mode", "nft")]).toEqual([
    "auto",
    "iptables",
    "nft",
  ]);
  expect(parseInit(["--simulate", "-w", "--netns=/x", "-u", "7"])).toMatchObject({
    simulate: true,
    netns: "/x",
    plan: { uid: 7 },
  });
});

test.each([
  [["--nope"], "--nope is not known"],
  [["--constructor=1"], "--constructor=1 is not known"],
  [["--proxy-uid"], "--proxy-uid has no value"],
  [["--proxy-uid=0"], "proxy-uid is 0"],
  [["--ports-to-redirect=80"], "--ports-to-redirect cannot be used"],
  [["--subnets-to-ignore=10.0.0.0/33"], "is no network"],
  [["--inbound-ports-to-ignore=http"], "has port http"],
  [["--timeout-close-wait-secs=x"], "--timeout-close-wait-secs cannot be x"],
])("parseInit(%j) says %s", (words, message) => {
  expect(parseInit(words)).toContain(message);
});
