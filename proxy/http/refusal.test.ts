import { expect, test } from "bun:test";
import { ambiguous } from "#lib/http1/http1-error.ts";
import { writeExposition } from "#lib/metrics/exposition.ts";
import { Registry } from "#lib/metrics/registry.ts";
import { RecordedLog } from "../../test/fake/recorded-log.ts";
import { ErrorMetrics } from "../telemetry/error-metrics.ts";
import { recordRefusal } from "./refusal.ts";

test("recordRefusal() counts once and writes one line", () => {
  const { logger: log, lines } = new RecordedLog();
  const registry = new Registry();
  const errors = new ErrorMetrics(registry);
  recordRefusal({ errors, log }, ambiguous("x"), { direction: "inbound", client: "10.0.0.1" });
  expect(lines).toHaveLength(1);
  expect(lines[0]).toContain("Cannot read message: x");
  expect(writeExposition(registry, { nowMs: 0, retainIdleMs: 1 })).toContain(
    'bunkerd_http1_refused_total{direction="inbound",kind="ambiguous",status="400"} 1',
  );
});
