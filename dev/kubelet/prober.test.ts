import { expect, test } from "bun:test";
import type { Container } from "#lib/k8s/types/core.ts";
import { FakeClock } from "../../test/fake/clock.ts";
import { startProbes } from "./prober.ts";

/** Probes whose commands end as the test says. */
function probes(container: Partial<Container>) {
  const clock = new FakeClock();
  const told: string[] = [];
  const asked: string[] = [];
  const status: Record<string, number> = {};
  const target = {
    ...{ nodeNetns: "", podIp: "", clock, namedPort: () => undefined },
    exec: async ([name = ""]: readonly string[]) => {
      asked.push(name);
      return status[name] ?? 0;
    },
  };
  const running = startProbes({ name: "c", ...container }, target, {
    onStarted: () => told.push("started"),
    onReady: (ready, why) => told.push(ready ? "ready" : `not ready: ${why}`),
    onDead: (why) => told.push(`dead: ${why}`),
  });
  const pass = async (ms: number): Promise<void> => {
    clock.advance(ms);
    for (let turn = 0; turn < 20; turn += 1) await Promise.resolve();
  };
  return { ...{ told, asked, status, clock, pass }, stop: () => running.stop() };
}

const probe = (name: string) => ({ exec: { command: [name] }, periodSeconds: 1 });

test("a container without probes is started and ready at once", () => {
  expect(probes({}).told).toEqual(["started", "ready"]);
});

test("readiness and liveness wait for startup, which is asked until it has passed", async () => {
  const bed = probes({
    startupProbe: probe("startup"),
    readinessProbe: probe("readiness"),
    livenessProbe: probe("liveness"),
  });
  bed.status["startup"] = 1;
  await bed.pass(0);
  await bed.pass(1_000);
  expect([bed.told, bed.asked]).toEqual([[], ["startup", "startup"]]);
  bed.status["startup"] = 0;
  await bed.pass(1_000);
  await bed.pass(0);
  expect(bed.told).toEqual(["started", "ready"]);
  await bed.pass(1_000);
  expect(bed.asked.filter((name) => name === "startup")).toHaveLength(3);
  bed.stop();
  expect(bed.clock.nextMs).toBeUndefined();
});

test("thresholds count in a row", async () => {
  const bed = probes({
    readinessProbe: { ...probe("readiness"), successThreshold: 2, failureThreshold: 2 },
  });
  await bed.pass(0);
  expect(bed.told).toEqual(["started"]);
  await bed.pass(1_000);
  expect(bed.told).toEqual(["started", "ready"]);
  bed.status["readiness"] = 1;
  await bed.pass(1_000);
  bed.status["readiness"] = 0;
  await bed.pass(1_000);
  bed.status["readiness"] = 1;
  await bed.pass(1_000);
  expect(bed.told).toEqual(["started", "ready"]);
  await bed.pass(1_000);
  expect(bed.told.at(-1)).toBe("not ready: command ended with status 1");
  bed.stop();
});

test("a liveness probe that fails is fatal, after its delay and as often as it may fail", async () => {
  const bed = probes({ livenessProbe: { ...probe("liveness"), initialDelaySeconds: 5 } });
  bed.status["liveness"] = 1;
  await bed.pass(4_999);
  expect(bed.asked).toEqual([]);
  await bed.pass(1);
  await bed.pass(1_000);
  expect(bed.told).toEqual(["started", "ready"]);
  await bed.pass(1_000);
  expect(bed.told.at(-1)).toBe("dead: liveness probe failed: command ended with status 1");
  bed.stop();
});

test("a startup probe that fails is fatal", async () => {
  const bed = probes({ startupProbe: { ...probe("startup"), failureThreshold: 1 } });
  bed.status["startup"] = 1;
  await bed.pass(0);
  expect(bed.told).toEqual(["dead: startup probe failed: command ended with status 1"]);
  bed.stop();
});

test("readiness is asked every second until it has passed, then at its own pace", async () => {
  const bed = probes({ readinessProbe: { exec: { command: ["readiness"] } } });
  bed.status["readiness"] = 1;
  await bed.pass(0);
  await bed.pass(1_000);
  expect(bed.asked).toHaveLength(2);
  bed.status["readiness"] = 0;
  await bed.pass(1_000);
  expect(bed.told).toEqual(["started", "ready"]);
  await bed.pass(9_999);
  expect(bed.asked).toHaveLength(3);
  await bed.pass(1);
  expect(bed.asked).toHaveLength(4);
  bed.stop();
});
