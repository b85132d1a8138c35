import { expect, test } from "bun:test";
import { parseArgs } from "./args.ts";

const parse = (...words: string[]) => parseArgs(words, (path) => `text of ${path}`);
const URL_WORDS = ["--url", "http://127.0.0.1:80/x?y=1"];

test("parseArgs() reads a load by schedule, and one without", () => {
  expect(parse(...URL_WORDS, "--rate", "100", "--connections", "4", "--for", "2")).toEqual({
    type: "load",
    options: {
      protocol: "http1",
      ip: "127.0.0.1",
      port: 80,
      authority: "127.0.0.1",
      path: "/x?y=1",
      streams: 1,
      payloadBytes: 64,
      warmUpMs: 0,
      forMs: 2000,
      rate: 100,
      connections: 4,
    },
  });
  const closed = parse("--url", "h2c://127.0.0.1:81/", "--streams", "16", "--host", "web");
  expect(closed).toMatchObject({
    options: { protocol: "http2", streams: 16, authority: "web", forMs: 10_000 },
  });
  expect(closed).not.toHaveProperty("options.rate");
  const posted = parse(...URL_WORDS, "--body", "review.json");
  expect(posted).toMatchObject({ options: { body: "text of review.json" } });
});

test("parseArgs() reads new connections, and certificates", () => {
  expect(parse(...URL_WORDS, "--connect", "each", "--rate", "10", "--for", "3")).toMatchObject({
    type: "connects",
    options: { rate: 10, count: 30 },
  });
  const hold = parse(...URL_WORDS, "--connect", "hold", "--rate", "10", "--connections", "5");
  expect(hold).toMatchObject({ options: { count: 5, holdMs: 10_000 } });
  const url = ["--url", "https://127.0.0.1:443/", "--cacert", "ca", "--server-name", "web"];
  expect(parse(...url, "--cert", "c", "--key", "k")).toMatchObject({
    options: {
      tls: { ca: "text of ca", cert: "text of c", key: "text of k", serverName: "web" },
    },
  });
});

test.each([
  ["there is no --what", [...URL_WORDS, "--what", "1"]],
  ["--rate is no number", [...URL_WORDS, "--rate", "fast"]],
  ["--url is missing or of no known scheme", ["--rate", "1"]],
  ["--url is missing or of no known scheme", ["--url", "ftp://127.0.0.1:1/"]],
  ["--url must name an IPv4 address and a port", ["--url", "http://web:80/"]],
  ["--body needs http or https", ["--url", "h2c://127.0.0.1:1/", "--body", "file"]],
  ["--connect is each or hold", [...URL_WORDS, "--connect", "never"]],
  ["--connect needs a --rate", [...URL_WORDS, "--connect", "each"]],
])("parseArgs() says %s", (why, words) => {
  expect(parse(...words)).toEqual({ type: "refused", why });
});
