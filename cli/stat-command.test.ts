import { expect, test } from "bun:test";
import { latencyJson } from "./stat-command.ts";

test("latencyJson() has null where nothing was observed", () => {
  expect(latencyJson({ p50: 1, p95: undefined, p99: 3 })).toEqual({
    ...{ latencyMsP50: 1, latencyMsP95: null, latencyMsP99: 3 },
  });
});
