import { expect, test } from "bun:test";
import { HeaderList } from "#lib/http/headers.ts";
import type { RequestHead } from "#lib/http/message.ts";
import { Registry } from "#lib/metrics/registry.ts";
import { FakeClock } from "../../test/fake/clock.ts";
import { HttpMetrics } from "../telemetry/http-metrics.ts";
import { outboundFamilies } from "../telemetry/outbound-families.ts";
import { TcpMetrics } from "../telemetry/tcp-metrics.ts";
import { Destinations, NAMES_LIMIT } from "./discover.ts";
import { IngressTargets } from "./ingress.ts";

const IDLE_MS = 5000;

/** Destinations of which nothing is ever heard, and those that are followed. */
function setup() {
  const clock = new FakeClock();
  const registry = new Registry();
  const followed = new Set<string>();
  const watch = (what: string) => {
    followed.add(what);
    return { cancel: () => void followed.delete(what) };
  };
  const destinations = new Destinations({
    runtime: { clock, http: new HttpMetrics(registry), tcp: new TcpMetrics(registry) },
    config: { discoveryIdleMs: IDLE_MS, httpQueue: { failfastMs: 3000 } },
    families: outboundFamilies(registry),
    discovery: {
      watchPolicy: ({ ip }: { ip: string }) => watch(ip),
      watchNamed: ({ host, port }: { host: string; port: number }) => watch(`${host}:${port}`),
    },
  } as unknown as ConstructorParameters<typeof Destinations>[0]);
  const targets = () =>
    new IngressTargets({ destinations, suffixes: [""], target: { ip: "10.0.0.1", port: 80 } });
  return { clock, followed, targets, destinations };
}

const head = (authority: string, override?: string): RequestHead => ({
  ...{ method: "GET", scheme: "", path: "/", version: "HTTP/1.1", protocol: "", authority },
  headers: HeaderList.of(
    ...(override === undefined ? [] : [["l5d-dst-override", override] as const]),
  ),
});

test("P27, HDR3: IngressTargets finds one destination for one name, and takes the header away", () => {
  const { targets, followed } = setup();
  const of = targets();
  const request = head("shop.example", "web.ns");
  const web = of.choose(request);
  expect(request.headers.has("l5d-dst-override")).toBe(false);
  expect(of.choose(head("other", "WEB.ns:80"))).toBe(web);
  expect(of.choose(head("web.ns"))).toBe(web);
  expect(of.choose(head("web.ns:8080"))).not.toBe(web);
  expect(of.choose(head("web.ns", "not a name"))).toBe("invalid");
  expect([...followed]).toEqual(["web.ns:80", "web.ns:8080"]);
});

test("IngressTargets follows the address only where requests go there, and lets go of all with its connection", () => {
  const { clock, targets, followed } = setup();
  const of = targets();
  of.choose(head("web.ns"));
  expect(of.choose(head(""))).toBe(of.dialled);
  expect([...followed]).toEqual(["web.ns:80", "10.0.0.1"]);
  of.release();
  clock.advance(IDLE_MS - 1);
  expect(followed.size).toBe(2);
  clock.advance(1);
  expect(followed.size).toBe(0);
});

test("IngressTargets keeps 64 names of a connection in use, those that were asked for last", () => {
  const { clock, targets, followed } = setup();
  const of = targets();
  for (let i = 0; i < 64; i++) of.choose(head(`name-${i}`));
  of.choose(head("name-0"));
  of.choose(head("name-64"));
  clock.advance(IDLE_MS);
  expect([followed.size, followed.has("name-0:80"), followed.has("name-1:80")]).toEqual([
    ...[64, true, false],
  ]);
});

test("IngressTargets refuses names beyond the limit, until others are forgotten", () => {
  const { clock, targets, followed } = setup();
  const many = Array.from({ length: NAMES_LIMIT / 64 }, targets);
  for (const [which, of] of many.entries())
    for (let i = 0; i < 64; i++) expect(of.choose(head(`${which}-${i}`))).toBeObject();
  expect(followed.size).toBe(NAMES_LIMIT);
  const late = targets();
  expect(late.choose(head("late"))).toBe("full");
  expect(late.choose(head("0-0"))).toBeObject();
  many[1]?.release();
  clock.advance(IDLE_MS);
  expect(late.choose(head("late"))).toBeObject();
});
