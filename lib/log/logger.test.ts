import { expect, test } from "bun:test";
import { LogFilter } from "./log-filter.ts";
import { createLogger } from "./logger.ts";

const lines = (format: "plain" | "json", filterText: string) => {
  const written: string[] = [];
  const filter = new LogFilter();
  expect(filter.set(filterText)).toBeUndefined();
  const log = createLogger({ filter, format, wall: () => 0, write: (line) => written.push(line) });
  return { log, written, filter };
};

test("createLogger() writes plain lines with fields", () => {
  const { log, written } = lines("plain", "info");
  log.info("Ready", { port: 4191, gone: undefined });
  log.debug("unseen");
  expect(written).toEqual(["1970-01-01T00:00:00.000Z INFO linkerd Ready port=4191"]);
});

test("createLogger() keeps what peers send in one line", () => {
  const { log, written } = lines("plain", "info");
  log.info("Refused", {
    identity: "a\n2026-01-01T00:00:00.000Z ERROR forged \u001b[31m\u009b\u2028",
  });
  expect(written[0]).toEndWith(
    "identity=a\\u000a2026-01-01T00:00:00.000Z ERROR forged \\u001b[31m\\u009b\\u2028",
  );
});

test("createLogger() writes JSON lines", () => {
  const { log, written } = lines("json", "info");
  log.warn("Lost", { peer: "a" });
  expect(JSON.parse(written[0] ?? "")).toEqual({
    timestamp: "1970-01-01T00:00:00.000Z",
    level: "WARN",
    fields: { message: "Lost", peer: "a" },
    target: "linkerd",
  });
});
