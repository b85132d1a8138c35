/** The words of the load generator's command line. */

import { isIP } from "node:net";
import type { ClientTls } from "./channel.ts";
import type { ConnectsOptions } from "./connects.ts";
import type { LoadOptions } from "./load.ts";

/** What was asked for. */
export type Asked =
  | { readonly type: "load"; readonly options: LoadOptions }
  | { readonly type: "connects"; readonly options: ConnectsOptions }
  | { readonly type: "refused"; readonly why: string };

/** What `--help` says. */
export const HELP = `bun test/bench/load/main.ts --url URL [OPTION…]
  --url http://IP:PORT/PATH   http or https (HTTP/1.1), h2c or h2 (HTTP/2), tcp (an echo)
  --rate N                    requests a second, by schedule; without it as fast as answers come
  --connections N             kept connections (1)
  --streams N                 HTTP/2: requests at a time on each (1)
  --payload BYTES             tcp: what goes to and fro (64)
  --for SECONDS               measured time (10)
  --warm-up SECONDS           before it (0)
  --body FILE                 HTTP/1.1: POST this JSON
  --host NAME                 the authority of requests, where it is not the URL's
  --connect each|hold         new connections at the rate: one for each request, or --connections of them held
  --cacert, --cert, --key FILE  PEM, for https and h2; --server-name NAME is what the server must show
The result is one line of JSON; latencies are microseconds from the instant a request was due.`;

const PROTOCOLS: Readonly<Record<string, "http1" | "http2" | "tcp">> = {
  "http:": "http1",
  "https:": "http1",
  "h2c:": "http2",
  "h2:": "http2",
  "tcp:": "tcp",
};
const NUMBERS = ["rate", "connections", "streams", "payload", "for", "warm-up"] as const;
const TEXTS = ["url", "host", "body", "connect", "cacert", "cert", "key", "server-name"] as const;

/** Reads the words; `readFile` gives the text of a file. */
export function parseArgs(words: readonly string[], readFile: (path: string) => string): Asked {
  const given = new Map<string, string>();
  for (let i = 0; i < words.length; i += 2) given.set(words[i] ?? "", words[i + 1] ?? "");
  const why = refusalOf(given);
  if (why !== undefined) return { type: "refused", why };
  const number = (name: (typeof NUMBERS)[number], otherwise: number): number =>
    Number(given.get(`--${name}`) ?? otherwise);
  const url = new URL(given.get("--url") ?? "");
  const secure = url.protocol === "https:" || url.protocol === "h2:";
  const channel = {
    protocol: PROTOCOLS[url.protocol] ?? "http1",
    ip: url.hostname,
    port: portOf(url),
    authority: given.get("--host") ?? url.host,
    path: `${url.pathname || "/"}${url.search}`,
    streams: number("streams", 1),
    payloadBytes: number("payload", 64),
    ...(given.has("--body") && { body: readFile(given.get("--body") ?? "") }),
    ...(secure && { tls: tlsOf(given, readFile) }),
  };
  const connect = given.get("--connect");
  const [rate, connections, seconds] = [
    number("rate", 0),
    number("connections", 1),
    number("for", 10),
  ];
  if (connect === undefined) {
    const times = { warmUpMs: number("warm-up", 0) * 1000, forMs: seconds * 1000 };
    const paced = rate > 0 && { rate };
    return { type: "load", options: { ...channel, ...times, ...paced, connections } };
  }
  const options =
    connect === "hold"
      ? { ...channel, rate, count: connections, holdMs: seconds * 1000 }
      : { ...channel, rate, count: Math.floor(rate * seconds) };
  return { type: "connects", options };
}

/** Of the URL, or of its scheme where that has one. */
function portOf({ port, protocol }: URL): number {
  const usual = { "http:": 80, "https:": 443 }[protocol] ?? 0;
  return port === "" ? usual : Number(port);
}

function refusalOf(given: ReadonlyMap<string, string>): string | undefined {
  const known = [...NUMBERS, ...TEXTS].map((name) => `--${name}`);
  const unknown = [...given.keys()].find((word) => !known.includes(word));
  if (unknown !== undefined) return `there is no ${unknown}`;
  const bad = NUMBERS.find((name) => !(Number(given.get(`--${name}`) ?? 1) >= 0));
  if (bad !== undefined) return `--${bad} is no number`;
  const url = URL.parse(given.get("--url") ?? "");
  if (url === null || !(url.protocol in PROTOCOLS)) return "--url is missing or of no known scheme";
  if (isIP(url.hostname) === 0 || !(portOf(url) > 0))
    return "--url must name an IPv4 address and a port";
  if (given.has("--body") && PROTOCOLS[url.protocol] !== "http1")
    return "--body needs http or https";
  const connect = given.get("--connect");
  if (connect === undefined) return undefined;
  if (connect !== "each" && connect !== "hold") return "--connect is each or hold";
  return given.has("--rate") ? undefined : "--connect needs a --rate";
}

function tlsOf(given: ReadonlyMap<string, string>, readFile: (path: string) => string): ClientTls {
  const [cert, key] = [given.get("--cert"), given.get("--key")];
  return {
    ca: readFile(given.get("--cacert") ?? ""),
    serverName: given.get("--server-name") ?? "localhost",
    ...(cert !== undefined && key !== undefined && { cert: readFile(cert), key: readFile(key) }),
  };
}
