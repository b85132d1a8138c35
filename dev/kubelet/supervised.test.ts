import { expect, test } from "bun:test";
import type { Container } from "#lib/k8s/types/core.ts";
import { FakeClock } from "../../test/fake/clock.ts";
import { FakeContainer } from "../../test/fake/running-container.ts";
import { Supervised, type SupervisedOptions } from "./supervised.ts";

/** A container under supervision, with every process it has had. */
class Bed {
  readonly clock = new FakeClock();
  readonly started: FakeContainer[] = [];
  readonly execs: string[] = [];
  refuses = "";
  exitStatus = 0;
  readonly supervised: Supervised;

  constructor(
    change: Partial<SupervisedOptions> & { readonly container?: Partial<Container> } = {},
  ) {
    const { container = {}, ...options } = change;
    this.supervised = new Supervised({
      ...{ spec: { name: "c", ...container }, restart: "always", clock: this.clock },
      ...{ graceMs: 30_000, onChange: () => undefined },
      start: () => {
        if (this.refuses !== "") throw new Error(this.refuses);
        this.started.push(new FakeContainer());
        return this.last;
      },
      target: () => ({
        ...{ nodeNetns: "", podIp: "", clock: this.clock, namedPort: () => undefined },
        exec: async (command) => {
          this.execs.push(command.join(" "));
          return this.exitStatus;
        },
      }),
      ...options,
    });
  }

  get last(): FakeContainer {
    return this.started.at(-1) as FakeContainer;
  }

  get state() {
    return this.supervised.state;
  }
}

/** Lets everything go on that waits for nothing but promises. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 20; turn += 1) await Promise.resolve();
}

test("a container that ends is started again, later each time", async () => {
  const bed = new Bed();
  expect(bed.state).toMatchObject({ id: "c-0", ready: true, started: true, restarts: 0 });
  await bed.last.exit(1);
  await settle();
  expect(bed.state).toMatchObject({
    ...{ ready: false, restarts: 0, state: { type: "waiting", reason: "CrashLoopBackOff" } },
    last: { exitCode: 1 },
  });
  bed.clock.advance(999);
  expect(bed.started).toHaveLength(1);
  bed.clock.advance(1);
  expect(bed.started).toHaveLength(2);
  expect(bed.state).toMatchObject({ restarts: 1, state: { type: "running" } });
  await bed.last.exit(1);
  await settle();
  bed.clock.advance(1_999);
  expect(bed.started).toHaveLength(2);
  bed.clock.advance(1);
  expect(bed.state).toMatchObject({ id: "c-2", restarts: 2, state: { type: "running" } });
});

test("a container that ran soundly waits no longer than the first time", async () => {
  const bed = new Bed();
  await bed.last.exit(1);
  await settle();
  bed.clock.advance(1_000);
  bed.clock.advance(60_000);
  await bed.last.exit(1);
  await settle();
  bed.clock.advance(1_000);
  expect(bed.started).toHaveLength(3);
});

test.each([
  ["never", 1, "terminated"],
  ["on-failure", 0, "terminated"],
  ["on-failure", 1, "waiting"],
  ["always", 0, "waiting"],
] as const)("with restarts %s, status %d leaves it %s", async (restart, code, type) => {
  const bed = new Bed({ restart });
  await bed.last.exit(code);
  await settle();
  expect(bed.state.state.type).toBe(type);
});

test.each([
  ["File", "bye", "bye"],
  ["File", "", undefined],
  ["FallbackToLogsOnError", "", "the end of the log"],
] as const)("with policy %s and last words %j it tells %j", async (policy, words, expected) => {
  const bed = new Bed({ restart: "never", container: { terminationMessagePolicy: policy } });
  bed.last.words = words;
  await bed.last.exit(1);
  await bed.supervised.ended;
  expect("message" in bed.state.state ? bed.state.state.message : undefined).toBe(
    expected as never,
  );
});

test("a container that cannot start says why and is tried again", () => {
  const bed = new Bed({
    start: () => {
      throw new Error("no such image");
    },
  });
  expect(bed.state.state).toEqual({
    ...{ type: "waiting", reason: "CreateContainerError", message: "no such image" },
  });
  expect(bed.clock.nextMs).toBe(1_000);
});

test("stop() signals, kills when the time is over, and does not start again", async () => {
  const bed = new Bed();
  const stopped = bed.supervised.stop(5_000);
  await settle();
  expect(bed.last.told).toEqual(["SIGTERM"]);
  bed.clock.advance(5_000);
  await stopped;
  expect(bed.last.told).toEqual(["SIGTERM", "kill"]);
  expect(bed.state.state).toMatchObject({ type: "terminated", exitCode: 137 });
  expect(bed.clock.nextMs).toBeUndefined();
});

test("hasten() makes the time shorter", async () => {
  const bed = new Bed();
  const stopped = bed.supervised.stop(60_000);
  bed.supervised.hasten(10);
  await settle();
  bed.clock.advance(10);
  await stopped;
  expect(bed.last.told).toContain("kill");
  bed.supervised.hasten(1);
  expect(bed.clock.nextMs).toBeUndefined();
});

test("stop() ends what waits for its next start", async () => {
  const bed = new Bed();
  await bed.last.exit(1);
  await settle();
  await bed.supervised.stop(1_000);
  await bed.supervised.ended;
  expect(bed.clock.nextMs).toBeUndefined();
});

/** A container with a postStart hook that a test ends. */
function hooked(): { readonly bed: Bed; readonly end: (code: number) => void } {
  const ends: ((code: number) => void)[] = [];
  const bed: Bed = new Bed({
    container: { lifecycle: { postStart: { exec: { command: ["hello"] } } } },
    target: () => ({
      ...{ nodeNetns: "", podIp: "", clock: new FakeClock(), namedPort: () => undefined },
      exec: () => new Promise((resolve) => ends.push(resolve)),
    }),
  });
  return { bed, end: (code) => ends.shift()?.(code) };
}

test("a container runs once its postStart hook has ended, and only then others go on", async () => {
  const { bed, end } = hooked();
  let placed = false;
  const seen = bed.supervised.placed.then(() => {
    placed = true;
  });
  await settle();
  expect([bed.started.length, bed.state.state.type, placed]).toEqual([1, "waiting", false]);
  end(0);
  await seen;
  expect(bed.state).toMatchObject({ ready: true, restarts: 0, state: { type: "running" } });
});

test("a postStart hook that fails ends its container, which starts again; others go on", async () => {
  const { bed, end } = hooked();
  end(1);
  await bed.supervised.placed;
  await settle();
  expect(bed.last.told).toEqual(["SIGTERM"]);
  await bed.last.exit(143);
  await settle();
  expect(bed.state.state).toMatchObject({ reason: "CrashLoopBackOff" });
  bed.clock.advance(1_000);
  end(0);
  await settle();
  expect(bed.state).toMatchObject({ id: "c-1", restarts: 1, state: { type: "running" } });
});

test("a container that ends before its postStart hook does not run any more when that ends", async () => {
  const { bed, end } = hooked();
  await bed.last.exit(1);
  await settle();
  end(0);
  await bed.supervised.placed;
  expect([bed.state.ready, bed.state.state.type, bed.last.told]).toEqual([false, "waiting", []]);
});

test("a preStop hook runs before the signal; one that waits does so in time", async () => {
  const hooked = new Bed({ container: { lifecycle: { preStop: { exec: { command: ["bye"] } } } } });
  const stopped = hooked.supervised.stop(5_000);
  expect([hooked.execs, hooked.last.told]).toEqual([["bye"], []]);
  await settle();
  expect(hooked.last.told).toEqual(["SIGTERM"]);
  await hooked.last.exit(0);
  await stopped;

  const waiting = new Bed({ container: { lifecycle: { preStop: { sleep: { seconds: 3 } } } } });
  const ended = waiting.supervised.stop(5_000);
  waiting.clock.advance(2_999);
  await settle();
  expect(waiting.last.told).toEqual([]);
  waiting.clock.advance(1);
  await settle();
  expect(waiting.last.told).toEqual(["SIGTERM"]);
  await waiting.last.exit(0);
  await ended;
  expect(waiting.clock.nextMs).toBeUndefined();
});

test("a liveness probe that fails ends the container within its grace, and it starts again", async () => {
  const livenessProbe = {
    ...{ exec: { command: ["live"] }, periodSeconds: 1, failureThreshold: 2 },
    terminationGracePeriodSeconds: 7,
  };
  const bed = new Bed({ container: { livenessProbe } });
  bed.exitStatus = 1;
  bed.clock.advance(0);
  await settle();
  expect(bed.last.told).toEqual([]);
  bed.clock.advance(1_000);
  await settle();
  expect(bed.last.told).toEqual(["SIGTERM"]);
  bed.clock.advance(7_000);
  await settle();
  expect(bed.last.told).toEqual(["SIGTERM", "kill"]);
  expect(bed.execs).toEqual(["live", "live"]);
  bed.clock.advance(1_000);
  expect(bed.started).toHaveLength(2);
});

test("readiness follows its probe", async () => {
  const readinessProbe = { exec: { command: ["ready"] }, periodSeconds: 1, failureThreshold: 1 };
  const bed = new Bed({ container: { readinessProbe } });
  expect(bed.state.ready).toBe(false);
  bed.clock.advance(0);
  await settle();
  expect(bed.state.ready).toBe(true);
  bed.exitStatus = 1;
  bed.clock.advance(1_000);
  await settle();
  expect(bed.state.ready).toBe(false);
});
