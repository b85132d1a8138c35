import { expect, test } from "bun:test";
import { systemClock } from "#lib/sys/system-clock.ts";
import { FakeClock } from "../../test/fake/clock.ts";
import { FakeContainer } from "../../test/fake/running-container.ts";
import { execIn } from "./exec.ts";

/** A container that is made until the test lets it start. */
class Made extends FakeContainer {
  inside = false;

  override isInside(): boolean {
    return this.inside;
  }
}

test("execIn() gives the command's status", async () => {
  const how = { timeoutMs: 4_000, clock: systemClock };
  expect(await execIn(new FakeContainer(), ["sh", "-c", "exit 4"], how)).toBe(4);
});

test("execIn() waits until the container has started", async () => {
  const clock = new FakeClock();
  const container = new Made();
  const status = execIn(container, ["true"], { timeoutMs: 4_000, clock });
  container.inside = true;
  clock.advance(10);
  expect(await status).toBe(0);
  expect(clock.nextMs).toBeUndefined();
});

test("execIn() gives up where the container ends before, or has no time left", async () => {
  const clock = new FakeClock();
  const ended = new Made();
  const status = execIn(ended, ["true"], { timeoutMs: 4_000, clock });
  await ended.exit(1);
  expect(await status).toBe(126);
  const late = execIn(new Made(), ["true"], { timeoutMs: 10, clock });
  clock.advance(10);
  expect(await late).toBe(126);
});

test("execIn() ends a command that takes too long, and what it has started", async () => {
  const clock = new FakeClock();
  const status = execIn(new FakeContainer(), ["sh", "-c", "sleep 1000; true"], {
    timeoutMs: 50,
    clock,
  });
  for (let turn = 0; turn < 10; turn += 1) await Promise.resolve();
  clock.advance(50);
  expect(await status).toBe(137);
});
