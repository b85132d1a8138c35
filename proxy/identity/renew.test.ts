import { expect, test } from "bun:test";
import { FakeClock } from "../../test/fake/clock.ts";
import { type Certified, Renewal, renewalDelayMs } from "./renew.ts";

const tick = () => new Promise<void>((resolve) => setImmediate(resolve));

test.each([
  [100_000, 70_000],
  [1000, 10_000],
  [1_000_000_000, 86_400_000],
])("renewalDelayMs(%p) is %p", (lifetimeMs, delayMs) => {
  expect(renewalDelayMs(lifetimeMs, { minRefreshMs: 10_000, maxRefreshMs: 86_400_000 })).toBe(
    delayMs,
  );
});

test("C23: Renewal asks at once, backs off after an error, renews at 70 % and stops", async () => {
  const clock = new FakeClock();
  const answers: (Certified | Error)[] = [
    new Error("away"),
    { chainPem: "one", expiresMs: 100_050 },
    { chainPem: "two", expiresMs: 200_000 },
    new Error("unseen"),
  ];
  const seen: string[] = [];
  const renewal = new Renewal({
    clock,
    backoff: { next: () => 50, reset: () => seen.push("reset") },
    minRefreshMs: 10_000,
    maxRefreshMs: 86_400_000,
    certify: async () => {
      const answer = answers.shift();
      if (answer === undefined || answer instanceof Error) throw answer;
      return answer;
    },
    onCertified: ({ chainPem }) => seen.push(chainPem),
    onError: (error) => seen.push(String(error)),
  });
  await tick();
  expect(seen).toEqual(["Error: away"]);
  clock.advance(50);
  await tick();
  expect(clock.nextMs).toBe(70_000);
  clock.advance(70_000);
  await tick();
  expect(seen).toEqual(["Error: away", "one", "reset", "two", "reset"]);
  clock.advance(clock.nextMs ?? 0);
  renewal.stop();
  await tick();
  expect(seen).toHaveLength(5);
});

test("C23: Renewal backs off from a certificate that cannot be used, further each time, and goes on", async () => {
  const clock = new FakeClock();
  const seen: string[] = [];
  const usable = [false, false, true];
  let nextMs = 50;
  const renewal = new Renewal({
    clock,
    backoff: { next: () => (nextMs *= 2), reset: () => seen.push("reset") },
    minRefreshMs: 10_000,
    maxRefreshMs: 86_400_000,
    certify: async () => ({ chainPem: "one", expiresMs: clock.wall() + 100_000 }),
    onCertified: () => {
      if (usable.shift() === false) throw new Error("mismatch");
      seen.push("in use");
    },
    onError: (error) => seen.push(String(error)),
  });
  const waits: (number | undefined)[] = [];
  for (let i = 0; i < 3; i++) {
    await tick();
    waits.push(clock.nextMs);
    clock.advance(clock.nextMs ?? 0);
  }
  renewal.stop();
  expect(seen).toEqual(["Error: mismatch", "Error: mismatch", "in use", "reset"]);
  expect(waits).toEqual([100, 200, 70_000]);
});

test("Renewal asks before its time where the certificate is not good any more, and not twice at once", async () => {
  const clock = new FakeClock();
  const asked: ((certified: Certified) => void)[] = [];
  const renewal = new Renewal({
    clock,
    backoff: { next: () => 50, reset: () => undefined },
    minRefreshMs: 10_000,
    maxRefreshMs: 86_400_000,
    certify: () => new Promise((resolve) => asked.push(resolve)),
    onCertified: () => undefined,
    onError: () => undefined,
  });
  renewal.renewAfter(5);
  expect([asked.length, clock.nextMs]).toEqual([1, undefined]);
  asked[0]?.({ chainPem: "one", expiresMs: 100_000 });
  await tick();
  renewal.renewAfter(5);
  expect(clock.nextMs).toBe(5);
  clock.advance(5);
  expect([asked.length, clock.nextMs]).toEqual([2, undefined]);
  renewal.stop();
  renewal.renewAfter(5);
  expect(clock.nextMs).toBeUndefined();
});

test("C25, I16: a calendar that jumps moves no renewal, and one far ahead causes no storm", async () => {
  const clock = new FakeClock();
  let jumpMs = 0;
  const jumping = {
    now: () => clock.now(),
    wall: () => clock.wall() + jumpMs,
    after: (ms: number, wake: () => void) => clock.after(ms, wake),
  };
  let asked = 0;
  const renewal = new Renewal({
    clock: jumping,
    backoff: { next: () => 50, reset: () => undefined },
    minRefreshMs: 10_000,
    maxRefreshMs: 86_400_000,
    certify: async () => {
      asked += 1;
      return { chainPem: `${asked}`, expiresMs: clock.wall() + 100_000 };
    },
    onCertified: () => undefined,
    onError: () => undefined,
  });
  await tick();
  for (const jump of [3_600_000, -3_600_000, 2 * 86_400_000]) {
    jumpMs = jump;
    expect([asked, clock.nextMs]).toEqual([1, 70_000]);
  }
  // By a calendar two days ahead each certificate has ended when it comes: it is asked for no more often than allowed.
  clock.advance(70_000);
  await tick();
  expect([asked, clock.nextMs]).toEqual([2, 10_000]);
  renewal.stop();
});
