import { expect, test } from "bun:test";
import { Registry } from "#lib/metrics/registry.ts";
import { serveAdmin } from "./admin.ts";

test("serveAdmin() tells whether the role lives, is ready, and what it counts", async () => {
  const registry = new Registry();
  const gauge = registry.gauge("pod_cache_size", "Pods.").with();
  let isReady = false;
  const admin = serveAdmin(
    { ip: "127.0.0.1", port: 0 },
    { registry, now: () => 1, isReady: () => isReady, measure: () => gauge.set(7) },
  );
  const ask = async (path: string, method = "GET"): Promise<string> => {
    const answer = await fetch(`http://127.0.0.1:${admin.port}${path}`, { method });
    return `${answer.status} ${await answer.text()}`;
  };
  try {
    expect([await ask("/live"), await ask("/ping")]).toEqual(["200 ok\n", "200 pong\n"]);
    expect(await ask("/ready")).toBe("503 starting\n");
    isReady = true;
    expect(await ask("/ready")).toBe("200 ok\n");
    expect(await ask("/metrics")).toContain("\npod_cache_size 7\n");
    expect([await ask("/other"), await ask("/live", "POST")]).toEqual(["404 ", "405 "]);
  } finally {
    admin.stop();
  }
});
