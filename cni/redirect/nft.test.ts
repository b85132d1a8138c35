import { expect, test } from "bun:test";
import { nftScript } from "./nft.ts";
import { planRedirect } from "./plan.ts";

const script = nftScript(
  planRedirect({
    annotations: { "config.linkerd.io/skip-subnets": "10.0.0.0/8,fd00::/8" },
    namespaceAnnotations: {},
    controlPlane: false,
  }),
);

test("nftScript() treats the capture probes before the proxy's exemption", () => {
  for (const probe of ["192.0.2.1", "2001:db8::1"]) {
    expect(script).toContain(`daddr ${probe} tcp dport 4140 redirect to :4140`);
    expect(script.indexOf(probe)).toBeLessThan(script.indexOf("meta skuid 2102 return"));
  }
});

test("nftScript() leaves alone what comes from a skipped network, and nothing that goes there", () => {
  expect(script).toContain(
    "    ip saddr 10.0.0.0/8 return\n    ip6 saddr fd00::/8 return\n    meta l4proto tcp redirect to :4143",
  );
  expect(script).not.toMatch(/daddr (10|fd00)/);
});

test.skipIf(Bun.which("nft") === null || process.getuid?.() !== 0)(
  "nft accepts the script (needs root and nft)",
  () => {
    const run = Bun.spawnSync(["unshare", "--net", "nft", "-f", "-"], {
      stdin: Buffer.from(script),
    });
    expect(run.stderr.toString()).toBe("");
  },
);

test("nftScript() has no rule of no ports", () => {
  const none = { inboundPorts: [], outboundPorts: [], apiServerPorts: [], subnets: [] };
  const pod = { annotations: {}, namespaceAnnotations: {}, controlPlane: false };
  const script = nftScript(planRedirect(pod, none));
  expect(script.match(/dport \{.*/g)).toEqual(["dport { 4190, 4191 } return"]);
});
