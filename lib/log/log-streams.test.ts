import { expect, test } from "bun:test";
import { LogFilter } from "./log-filter.ts";
import { LogStreams, STREAMS_LIMIT } from "./log-streams.ts";
import { createLogger } from "./logger.ts";

const filterOf = (text: string): LogFilter => {
  const filter = new LogFilter();
  filter.set(text);
  return filter;
};

test("P54: whoever reads gets lines by an own filter, as JSON, whatever the log itself says", () => {
  const streams = new LogStreams();
  const [log, read]: [string[], string[]] = [[], []];
  const logger = createLogger({
    ...{ filter: filterOf("warn"), format: "plain", wall: () => 0, streams },
    write: (line) => void log.push(line),
  });
  logger.info("before");
  expect(logger.enabled("debug")).toBe(false);
  const stop = streams.add(filterOf("warn,linkerd=debug"), (line) => void read.push(line));
  expect(logger.enabled("debug")).toBe(true);
  logger.debug("seen", { a: 1 });
  logger.target("other").info("of another target");
  logger.warn("both");
  stop?.();
  logger.warn("after");
  expect(log.map((line) => line.split(" ").at(-1))).toEqual(["both", "after"]);
  expect(read.map((line) => JSON.parse(line))).toMatchObject([
    { level: "DEBUG", target: "linkerd", fields: { message: "seen", a: 1 } },
    { level: "WARN", fields: { message: "both" } },
  ]);
});

test("no more may read than the limit", () => {
  const streams = new LogStreams();
  const stops = Array.from({ length: STREAMS_LIMIT + 1 }, () =>
    streams.add(filterOf("info"), () => undefined),
  );
  expect(stops.filter((stop) => stop === undefined)).toHaveLength(1);
  stops[0]?.();
  expect(streams.add(filterOf("info"), () => undefined)).toBeFunction();
});
