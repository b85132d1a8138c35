import { expect, test } from "bun:test";
import { parseAwait, parseSleep, parseValidator } from "./args.ts";

test("parseAwait() takes what injectors give, and a command after it", () => {
  expect(parseAwait(["--timeout=2m", "--port=4999"])).toEqual({
    port: 4999,
    timeoutMs: 120_000,
    backoffMs: 1000,
    shutdown: false,
    command: [],
  });
  expect(parseAwait(["-S", "-b", "100ms", "--", "app", "-x"])).toEqual({
    port: 4191,
    timeoutMs: undefined,
    backoffMs: 100,
    shutdown: true,
    command: ["app", "-x"],
  });
  expect(parseAwait(["app", "--port"])).toMatchObject({ command: ["app", "--port"] });
});

test("parseValidator() has Linkerd's defaults, and takes both families", () => {
  expect(parseValidator([])).toEqual({
    connect: { ip: "1.1.1.1", port: 20_001 },
    listen: { ip: "0.0.0.0", port: 4140 },
    timeoutMs: 10_000,
  });
  const words = ["--log-format", "plain", "--connect-addr", "[fd00::1]:20001", "--timeout", "1s"];
  expect(parseValidator([...words, "--listen-addr=[::]:4140"])).toEqual({
    connect: { ip: "fd00::1", port: 20_001 },
    listen: { ip: "::", port: 4140 },
    timeoutMs: 1000,
  });
});

test.each([
  [parseAwait(["--port=x"]), "--port cannot be x"],
  [parseAwait(["--port=65536"]), "--port cannot be 65536"],
  [parseAwait(["--timeout=soon"]), "--timeout cannot be soon"],
  [parseAwait(["--backoff=x"]), "--backoff cannot be x"],
  [parseAwait(["--nope"]), "--nope is not known"],
  [parseAwait(["--port"]), "--port has no value"],
  [parseValidator(["--connect-addr=here"]), "--connect-addr cannot be here"],
  [parseValidator(["--listen-addr=1.1.1.1"]), "--listen-addr cannot be 1.1.1.1"],
  [parseValidator(["--listen-addr=1.1.1.1:65536"]), "--listen-addr cannot be 1.1.1.1:65536"],
  [parseValidator(["--connect-addr=1.1.1.1:0"]), "--connect-addr cannot be 1.1.1.1:0"],
  [parseValidator(["--connect-addr=1.2.3.4.5:80"]), "--connect-addr cannot be 1.2.3.4.5:80"],
  [parseValidator(["--timeout=x"]), "--timeout cannot be x"],
])("%p: %s", (parsed, message) => {
  expect(parsed).toBe(message);
});

test("parseSleep() adds up times", () => {
  expect([parseSleep(["5"]), parseSleep(["0.5", "1m"]), parseSleep(["x"]), parseSleep([])]).toEqual(
    [5000, 60_500, "x is no time", "no time is given"],
  );
});
