import { expect, test } from "bun:test";
import { parseAwait } from "./args.ts";
import { awaitProxy, EXIT_NOT_READY } from "./await.ts";

/** A proxy that is ready after so many questions, and a clock whose timers come at once. */
function world(readyAfter: number) {
  const asked: string[] = [];
  const ran: string[] = [];
  let now = 0;
  return {
    asked,
    ran,
    clock: {
      now: () => now,
      wall: () => now,
      after: (ms: number, wake: () => void) => {
        now += ms;
        queueMicrotask(wake);
        return { cancel: () => undefined };
      },
    },
    ask: (method: "GET" | "POST", path: string) => {
      asked.push(`${method} ${path}`);
      if (asked.length === 1) return Promise.resolve(undefined);
      return Promise.resolve(asked.length > readyAfter ? 200 : 503);
    },
    run: (command: readonly string[]) => {
      ran.push(command.join(" "));
      return Promise.resolve(7);
    },
    write: () => undefined,
  };
}
const args = (...words: string[]) => {
  const parsed = parseAwait(words);
  if (typeof parsed === "string") throw new Error(parsed);
  return parsed;
};

test("awaitProxy() asks until the proxy is ready", async () => {
  const slow = world(3);
  expect(await awaitProxy(args("--timeout=2m"), slow)).toBe(0);
  expect(slow.asked).toEqual(["GET /ready", "GET /ready", "GET /ready", "GET /ready"]);
});

test("awaitProxy() gives up in time", async () => {
  const never = world(1_000_000);
  expect(await awaitProxy(args("--timeout=5s"), never)).toBe(EXIT_NOT_READY);
  expect(never.asked).toHaveLength(6);
});

test("awaitProxy() runs the command, ends the proxy after it where asked, and has its exit code", async () => {
  const plain = world(0);
  expect(await awaitProxy(args("app", "-x"), plain)).toBe(7);
  expect([plain.ran, plain.asked.at(-1)]).toEqual([["app -x"], "GET /ready"]);
  const ending = world(0);
  expect(await awaitProxy(args("-S", "app"), ending)).toBe(7);
  expect(ending.asked.at(-1)).toBe("POST /shutdown");
});
