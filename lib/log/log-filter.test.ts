import { expect, test } from "bun:test";
import { LEVELS, LogFilter, readableFilter } from "./log-filter.ts";

/** The levels that a filter shows of a target. */
function shown(text: string, target = "linkerd"): string {
  const filter = new LogFilter();
  expect(filter.set(text)).toBeUndefined();
  return LEVELS.filter((level) => filter.allows(level, target)).join(" ");
}

const ALL = LEVELS.join(" ");

test.each([
  ["warn,linkerd=debug,hickory=off", "linkerd", "error warn info debug"],
  ["warn,linkerd=debug,hickory=off", "hickory", ""],
  ["warn,linkerd=debug,hickory=off", "other", "error warn"],
  ["linkerd=info", "other", ""],
  ["info,linkerd=error,linkerd::app=trace", "linkerd::app::core", ALL],
  ["OFF", "linkerd", ""],
  ["Info", "linkerd", "error warn info"],
  ["0", "linkerd", ""],
  ["warn,linkerd=5", "linkerd", ALL],
  ["info,warn", "linkerd", "error warn"],
  ["a[b=c]=trace,info", "linkerd", "error warn info"],
  ["", "linkerd", "error warn"],
  [" , ", "linkerd", "error warn"],
])("LogFilter: %p shows of %s: %s", (text, target, levels) => {
  expect(shown(text, target)).toBe(levels);
});

test("LogFilter.set() takes nothing of what it cannot read, and says what that is", () => {
  const filter = new LogFilter();
  filter.set("debug");
  expect(filter.set("linkerd=loud")).toBe('unknown level in "linkerd=loud"');
  expect(filter.set("warn,6")).toBe('unknown level in "6"');
  expect([filter.text, filter.allows("debug", "linkerd")]).toEqual(["debug", true]);
  filter.set("");
  expect(filter.text).toBe("warn");
});

test("readableFilter() leaves out what cannot be read", () => {
  expect(readableFilter("info,linkerd=5, foo,hickory=loud")).toEqual({
    filter: "info,linkerd=5",
    unreadable: ["foo", "hickory=loud"],
  });
});
