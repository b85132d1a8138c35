import { expect, test } from "bun:test";
import { FakeControllers } from "../../test/fake/controllers.ts";

test("CPM1, CPM5: the role is ready when all was listed, counts what it knows, and stops", async () => {
  const plane = await FakeControllers.start();
  try {
    await plane.addPod("web-1", "10.1.0.1");
    const { adminPort, port, policyPort } = plane.destination;
    const ask = async (path: string): Promise<string> =>
      (await fetch(`http://127.0.0.1:${adminPort}${path}`)).text();
    expect(await ask("/ready")).toBe("ok\n");
    expect(new Set([0, port, policyPort]).size).toBe(3);
    const metrics = await ask("/metrics");
    expect(metrics).toMatch(/\nservice_cache_size [1-9]/);
    expect(metrics).toContain('\ninbound_index_pod_index_size{namespace="mesh"} 1\n');
    expect(metrics).toMatch(/\noutbound_index_service_index_size [1-9]/);
    await plane.destination.stop();
    const gone = await fetch(`http://127.0.0.1:${adminPort}/live`).catch(() => undefined);
    expect(gone).toBeUndefined();
  } finally {
    await plane.stop();
  }
});
