import { expect, test } from "bun:test";
import { FakeClock } from "../../test/fake/clock.ts";
import { Destination } from "./discover.ts";
import type { ResolvedPolicy } from "./resolved.ts";

test("whoever no longer waits for a policy is not called back, and not kept", () => {
  const destination = new Destination(() => undefined, { clock: new FakeClock(), failfastMs: 100 });
  const woken: string[] = [];
  const stop = destination.whenKnown(() => woken.push("gone"));
  destination.whenKnown(() => woken.push("waits"));
  stop();
  destination.known({} as ResolvedPolicy);
  destination.whenKnown(() => woken.push("later"));
  expect(woken).toEqual(["waits", "later"]);
});
