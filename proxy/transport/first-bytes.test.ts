import { expect, test } from "bun:test";
import { FakePair } from "../../test/fake/byte-stream.ts";
import { FakeClock } from "../../test/fake/clock.ts";
import { proxyVariables } from "../../test/fake/proxy-variables.ts";
import { readConfig } from "../config/read.ts";
import { FirstBytes } from "./first-bytes.ts";

const DAY_MS = 86_400_000;

test("P8: where detection has 365 days, a silent connection waits", () => {
  const read = readConfig(
    proxyVariables({ INBOUND_DETECT_TIMEOUT: "365d", OUTBOUND_DETECT_TIMEOUT: "365d" }),
  );
  if (read.type === "errors") throw new Error(read.errors.join());
  const { inbound, outbound } = read.config;
  for (const { detectTimeoutMs: timeoutMs } of [inbound, outbound]) {
    expect(timeoutMs).toBe(365 * DAY_MS);
    const clock = new FakeClock();
    const heard: string[] = [];
    const how = { clock, timeoutMs, look: () => false, initial: new Uint8Array(0) };
    const waiting = new FirstBytes(new FakePair().a, how, {
      onDecided: () => void heard.push("decided"),
      onUndecided: (_, reason) => void heard.push(reason),
      onClosed: () => void heard.push("closed"),
    });
    clock.advance(DAY_MS);
    expect(heard).toEqual([]);
    waiting.onEnd();
    expect(heard).toEqual(["end"]);
  }
});

test("P57: whoever has begun to speak is counted until it is known what, and whoever says nothing is not", () => {
  const clock = new FakeClock();
  const relays = { undecided: 0 };
  const nothing = {
    onDecided: () => undefined,
    onUndecided: () => undefined,
    onClosed: () => undefined,
  };
  const look = (bytes: Uint8Array): boolean => bytes.length > 1;
  const how = { clock, timeoutMs: 1000, look, relays };
  const start = (initial: string): FirstBytes =>
    new FirstBytes(new FakePair().a, { ...how, initial: Buffer.from(initial) }, nothing);
  const waiting = ["", "", "", "", "x", "xx"].map(start);
  expect(relays.undecided).toBe(1);
  for (const each of waiting.slice(0, 4)) each.onData(Buffer.from("x"));
  expect(relays.undecided).toBe(5);
  waiting[0]?.onData(Buffer.from("x"));
  waiting[1]?.onEnd();
  waiting[2]?.onClose();
  expect(relays.undecided).toBe(2);
  clock.advance(2000);
  expect(relays.undecided).toBe(0);
});
