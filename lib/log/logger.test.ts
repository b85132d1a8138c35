import { expect, test } from "bun:test";
import { createLogger, LogFilter } from "./logger.ts";

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

test("LogFilter.set() filters by target and can change while running", () => {
  const { log, written, filter } = lines("plain", "warn,linkerd=debug,hickory=off");
  log.debug("seen");
  log.target("hickory").error("silenced");
  log.target("other").info("below");
  log.target("other").error("above");
  expect(written).toHaveLength(2);
  expect(log.enabled("trace")).toBe(false);
  expect(filter.set("linkerd=loud")).toBe('unknown level in "linkerd=loud"');
  filter.set("off");
  log.error("silenced");
  expect(written).toHaveLength(2);
});
