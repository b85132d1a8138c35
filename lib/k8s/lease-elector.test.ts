import { afterAll, beforeAll, expect, test } from "bun:test";
import fc from "fast-check";
import { FakeClock } from "../../test/fake/clock.ts";
import { codeOf, FakeKubeApi, logger } from "../../test/fake/kube-api.ts";
import { LeaseWorld } from "../../test/fake/lease-world.ts";
import { until } from "../../test/fake/mesh.ts";
import type { KubeClient } from "./client.ts";
import { KubeError } from "./kube-error.ts";
import { LEASE_TIMING } from "./lease.ts";
import { type Leadership, LeaseElector } from "./lease-elector.ts";
import { CONFIG_MAPS, LEASES } from "./resource.ts";

let kube: FakeKubeApi;
beforeAll(async () => {
  kube = await FakeKubeApi.start();
});
afterAll(() => kube.stop());

const { durationMs, renewDeadlineMs, retryMs } = LEASE_TIMING;

/** A candidate with a clock of its own and a connection that can be cut. */
class Candidate {
  readonly clock = new FakeClock();
  readonly terms: Leadership[] = [];
  readonly elector: LeaseElector;
  cut = false;
  requests = 0;

  constructor(name: string, identity: string) {
    this.elector = new LeaseElector({
      client: this.#client(),
      name: { name, namespace: "mesh" },
      identity,
      timing: LEASE_TIMING,
      clock: this.clock,
      random: () => 0,
      log: logger,
      onElected: (term) => this.terms.push(term),
    });
  }

  get leads(): boolean {
    return this.elector.leadership !== undefined;
  }

  /** Lets so much of its time pass, try by try, each to its end. */
  async pass(ms: number): Promise<void> {
    for (let left = ms; left > 0; left -= retryMs) {
      const before = this.requests;
      this.clock.advance(Math.min(left, retryMs));
      if (left >= retryMs) await this.settled(before);
    }
  }

  /** Waits until a try that began is over: then the next one is due. */
  async settled(before: number): Promise<void> {
    await until(
      () => this.requests > before && this.clock.nextMs !== undefined && this.#pending === 0,
      () => "the try has no end",
    );
    await new Promise<void>(setImmediate);
  }

  async begin(): Promise<void> {
    this.elector.start();
    await this.settled(0);
  }

  #pending = 0;

  #client(): KubeClient {
    const { admin } = kube;
    const count = async <T>(call: () => Promise<T>): Promise<T> => {
      this.requests++;
      this.#pending++;
      try {
        if (this.cut) throw new KubeError("unreachable", { message: "cut off" });
        return await call();
      } finally {
        this.#pending--;
      }
    };
    return {
      ...admin,
      get: (...args) => count(() => admin.get(...args)),
      create: (...args) => count(() => admin.create(...args)),
      replace: (...args) => count(() => admin.replace(...args)),
    };
  }
}

const leaseOf = async (name: string) =>
  (await kube.admin.get(LEASES, { name, namespace: "mesh" }))?.spec;

test("LeaseElector takes a lease, renews it, gives it back when it stops, and the next one need not wait", async () => {
  const [a, b] = [new Candidate("one", "a"), new Candidate("one", "b")];
  await a.begin();
  await b.begin();
  expect([a.leads, b.leads]).toEqual([true, false]);
  expect(await leaseOf("one")).toMatchObject({
    ...{ holderIdentity: "a", leaseDurationSeconds: 30, leaseTransitions: 0 },
  });
  for (let round = 0; round < 20; round++) {
    await a.pass(retryMs);
    await b.pass(retryMs);
  }
  expect([a.leads, b.leads, a.terms.length]).toEqual([true, false, 1]);
  await a.elector.stop();
  expect([a.leads, a.terms[0]?.holds]).toEqual([false, false]);
  expect((await leaseOf("one"))?.holderIdentity).toBeUndefined();
  await b.pass(retryMs);
  expect(b.leads).toBe(true);
  expect(await leaseOf("one")).toMatchObject({ holderIdentity: "b", leaseTransitions: 1 });
  await b.elector.stop();
});

test("F14: a leader that cannot reach the API leads no longer before its lease has run out", async () => {
  const [a, b] = [new Candidate("two", "a"), new Candidate("two", "b")];
  await a.begin();
  await b.begin();
  a.cut = true;
  await a.pass(renewDeadlineMs - retryMs);
  expect(a.leads).toBe(true);
  await a.pass(retryMs);
  expect([a.leads, a.terms[0]?.holds]).toEqual([false, false]);
  await b.pass(durationMs - retryMs);
  expect(b.leads).toBe(false);
  await b.pass(retryMs);
  expect(b.leads).toBe(true);
  a.cut = false;
  await a.pass(retryMs);
  expect(a.leads).toBe(false);
  await Promise.all([a.elector.stop(), b.elector.stop()]);
});

test("F14: a leader that was cut off leads again, by another election, where nobody has taken over", async () => {
  const a = new Candidate("three", "a");
  await a.begin();
  a.cut = true;
  await a.pass(renewDeadlineMs);
  expect(a.leads).toBe(false);
  a.cut = false;
  await a.pass(retryMs);
  expect([a.leads, a.terms.map(({ holds }) => holds)]).toEqual([true, [false, true]]);
  await a.elector.stop();
});

test("F13: a leader that stood still for 30 s knows at once that it leads no longer, and cannot undo what came since", async () => {
  const [a, b] = [new Candidate("four", "a"), new Candidate("four", "b")];
  await a.begin();
  await b.begin();
  const name = { name: "written", namespace: "mesh" };
  const old = await kube.admin.create(CONFIG_MAPS, { metadata: name, data: { by: "a" } });
  // SIGSTOP: its timers do not fire, its clock goes on.
  const stood = a.terms[0];
  Object.defineProperty(a.clock, "now", { value: () => 30_000 });
  expect([a.leads, stood?.holds]).toEqual([false, false]);
  await b.pass(durationMs);
  expect(b.leads).toBe(true);
  const current = await kube.admin.get(CONFIG_MAPS, name);
  await kube.admin.replace(CONFIG_MAPS, {
    ...current,
    metadata: current?.metadata ?? name,
    data: { by: "b" },
  });
  // A write that was on its way when it was stopped names the version that it replaces.
  expect(await codeOf(kube.admin.replace(CONFIG_MAPS, { ...old, data: { by: "late" } }))).toBe(
    "conflict",
  );
  expect((await kube.admin.get(CONFIG_MAPS, name))?.data).toEqual({ by: "b" });
  await Promise.all([a.elector.stop(), b.elector.stop()]);
  expect((await leaseOf("four"))?.holderIdentity).toBeUndefined();
});

test("F13, F14: never do two believe that they lead, whatever stands still, is cut off, or runs fast", async () => {
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 2, max: 5 }), fc.nat(), async (candidates, seed) => {
      const random = randomOf(seed);
      const world = new LeaseWorld(candidates, random);
      let led = 0;
      const observe = async (ms: number): Promise<void> => {
        for (const end = world.clock.now() + ms; world.clock.now() < end; ) {
          await world.step();
          const { leaders } = world;
          if (leaders > 1) throw new Error(`${leaders} lead at ${world.clock.now()}`);
          led += leaders;
        }
      };
      for (let trouble = 0; trouble < 6; trouble++) {
        const process = world.processes[Math.floor(random() * candidates)];
        if (process === undefined) continue;
        if (random() < 0.5) process.parted = true;
        else process.paused = true;
        await observe(60_000 * random());
        if (random() < 0.7) {
          process.parted = false;
          process.resume();
        }
      }
      for (const process of world.processes) {
        process.parted = false;
        process.resume();
      }
      await observe(3 * durationMs);
      expect(world.leaders).toBe(1);
      expect(led).toBeGreaterThan(0);
    }),
    { numRuns: 60 },
  );
}, 30_000);

/** A sequence of numbers from 0 to 1 (mulberry32). */
function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
