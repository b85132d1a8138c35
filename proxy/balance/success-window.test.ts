import { expect, test } from "bun:test";
import fc from "fast-check";
import { SuccessWindow } from "./success-window.ts";

test("P37: answers leave the window bucket by bucket", () => {
  const window = new SuccessWindow(1000, 0);
  window.record(true, 0);
  window.record(false, 950);
  expect([window.successes, window.total]).toEqual([1, 2]);
  window.record(true, 1000);
  expect([window.successes, window.total]).toEqual([1, 2]);
  window.record(true, 60_000);
  expect([window.successes, window.total]).toEqual([1, 1]);
  window.reset(60_000);
  expect([window.successes, window.total]).toEqual([0, 0]);
});

test("P37: whatever comes when, the counts are those of the buckets that the window has", () => {
  const answer = fc.record({ success: fc.boolean(), ms: fc.nat(700) });
  fc.assert(
    fc.property(fc.array(answer, { minLength: 1, maxLength: 50 }), (answers) => {
      const window = new SuccessWindow(1000, 0);
      const all: { readonly success: boolean; readonly bucket: number }[] = [];
      let nowMs = 0;
      for (const { success, ms } of answers) {
        nowMs += ms;
        window.record(success, nowMs);
        all.push({ success, bucket: Math.floor(nowMs / 100) });
      }
      const counted = all.filter(({ bucket }) => bucket > Math.floor(nowMs / 100) - 10);
      expect([window.successes, window.total]).toEqual([
        counted.filter(({ success }) => success).length,
        counted.length,
      ]);
    }),
  );
});
