import { expect, test } from "bun:test";
import { defaultServerPolicy, fallbackPolicy } from "./default-policy.ts";

test("defaultServerPolicy() names itself and follows opaque ports", () => {
  const how = { clusterNetworks: [], opaque: true, detectTimeoutMs: 1 };
  expect(defaultServerPolicy("deny", how)).toMatchObject({
    protocol: { type: "opaque" },
    labels: { group: "", kind: "default", name: "deny" },
  });
});

const queue = { queueCapacity: 5, failfastMs: 7 };

test("fallbackPolicy() forwards to the address, or to the endpoint that discovery knows there", () => {
  const addr = { ip: "192.0.2.1", port: 80 };
  const plain = fallbackPolicy(addr, { timeoutMs: 10, queue });
  expect(plain.protocol).toMatchObject({ type: "detect", timeoutMs: 10 });
  const endpoint = {
    addr,
    identity: { name: "a", serverName: "a" },
    hint: "h2" as const,
    directPort: 4143,
    authority: undefined,
    labels: {},
  };
  expect(JSON.stringify(fallbackPolicy(addr, { timeoutMs: 10, queue, endpoint }))).toContain(
    '"directPort":4143',
  );
  expect(JSON.stringify(plain)).not.toContain("directPort");
});
