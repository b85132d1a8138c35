import { expect, test } from "bun:test";
import fc from "fast-check";
import { formatGrpcTimeout, MAX_TIMEOUT_MS, parseGrpcTimeout } from "./timeout.ts";

test.each([
  ["1H", 3_600_000],
  ["2M", 120_000],
  ["3S", 3000],
  ["50m", 50],
  ["500u", 0.5],
  ["99999999n", 99.999999],
  ["0S", 0],
  ["99999999H", MAX_TIMEOUT_MS],
])("parseGrpcTimeout(%s)", (text, ms) => expect(parseGrpcTimeout(text)).toBeCloseTo(ms, 6));

test.each(["", "1", "S", "123456789S", "-1S", "1.5S", "1s", " 1S", "1S ", "1e3S", "+1S"])(
  "parseGrpcTimeout(%p) is none",
  (text) => expect(parseGrpcTimeout(text)).toBeUndefined(),
);

test("formatGrpcTimeout() writes what parseGrpcTimeout() reads, never less", () => {
  fc.assert(
    fc.property(fc.double({ min: 0, max: MAX_TIMEOUT_MS, noNaN: true }), (ms) => {
      const read = parseGrpcTimeout(formatGrpcTimeout(ms)) ?? -1;
      expect(read).toBeGreaterThanOrEqual(Math.min(ms, MAX_TIMEOUT_MS));
      expect(read - ms).toBeLessThanOrEqual(1000);
    }),
    { numRuns: 1000 },
  );
});
