/** Connections that are not looked into: TLS by the name that it asks for, TCP, and what is opaque (P49, P50, OUT2). */

import { httpRoute, type Manifest, path, tcpRoute, tlsRoute, to } from "../objects.ts";
import type { Place } from "../place.ts";
import { type Scenario, same, within } from "../scenario.ts";
import type { World } from "../world.ts";

const tls = (name: string, weight?: number): object => to(name, weight, { port: 443 });
const tcp = (name: string, weight?: number): object => to(name, weight, { port: 7070 });

/** Who answers HTTPS that asks for a name; `closed` where nobody does. */
async function byName(world: World, place: Place, name: string): Promise<string> {
  const address = await world.names.addressOf(place.host);
  const { headers } = await world.ask("client", `https://${name}/`, { address });
  return headers["x-backend"] ?? "closed";
}

/** Waits until names lead to backends. */
async function lead(
  world: World,
  place: Place,
  names: Readonly<Record<string, string>>,
): Promise<void> {
  let seen: Record<string, string> = {};
  await world
    .eventually("names", async () => {
      seen = {};
      for (const name of Object.keys(names)) seen[name] = await byName(world, place, name);
      return Bun.deepEquals(seen, names);
    })
    .catch(() => same("where names lead", seen, names));
}

/** Which backends answer lines, in order of their names; `closed` where none does. */
async function answering(world: World, address: string, count = 20): Promise<string[]> {
  const lines = await world.talk("client", address, { count });
  return [...new Set(lines.map((line) => line.split(" ")[0] ?? ""))].toSorted();
}

const counted = (world: World, family: string, labels: Readonly<Record<string, string>>) =>
  world.metric(["client"], `outbound_${family}`, labels);

const route = (
  make: typeof tlsRoute,
  place: Place,
  port: number,
  ...backendRefs: readonly object[]
): Manifest => make(place.name, place.parent(port), [{ backendRefs }]);

/** Scenarios of streams. */
export const STREAMS: readonly Scenario[] = [
  {
    name: "P50: TLS of applications passes through as it is",
    run: async (world) => {
      const place = world.place();
      await world.apply(place.service);
      await world.eventually("it passes", async () =>
        /^web-/.test(await byName(world, place, "any.test")),
      );
    },
  },
  {
    name: "P50, P24: TLSRoutes go by the name that a client asks for; what none has is closed",
    quick: true,
    run: async (world) => {
      const place = world.place();
      const of = (name: string, hostname: string, backend: string): Manifest =>
        tlsRoute(`${place.name}-${name}`, place.parent(443), [{ backendRefs: [tls(backend)] }], {
          hostnames: [hostname],
        });
      await world.apply(
        ...[place.service, of("a", "one.test", "web-v1"), of("b", "two.test", "web-v2")],
        of("c", "*.wild.test", "web-v3"),
      );
      await lead(world, place, {
        ...{ "one.test": "web-v1", "two.test": "web-v2", "a.wild.test": "web-v3" },
        ...{ "a.b.wild.test": "web-v3", "three.test": "closed", "wild.test": "closed" },
      });
    },
  },
  {
    name: "P26: a TLSRoute shares connections by weight",
    run: async (world) => {
      const place = world.place();
      await world.apply(
        place.service,
        route(tlsRoute, place, 443, tls("web-v1", 1), tls("web-v2", 1)),
      );
      const seen = new Set<string>();
      await world.eventually("both backends", async () => {
        seen.add(await byName(world, place, "any.test"));
        return seen.has("web-v1") && seen.has("web-v2");
      });
    },
  },
  {
    name: "OUT9: a TLSRoute whose backend is not there closes connections",
    run: async (world) => {
      const place = world.place();
      await world.apply(place.service, route(tlsRoute, place, 443, tls("nowhere")));
      await lead(world, place, { "any.test": "closed" });
    },
  },
  {
    name: "bytes of a protocol that nobody knows pass through, with mTLS between pods",
    quick: true,
    run: async (world) => {
      const place = world.place();
      await world.apply(place.service);
      await world.eventually("a backend answers", async () => {
        const [line = ""] = await world.talk("client", `${place.host}:7070`);
        return /^web-v[123] hello$/.test(line);
      });
      const labels = { direction: "inbound", peer: "src", target_port: "7070", tls: "true" };
      within(
        "connections with mTLS",
        await world.metric(["web-v1", "web-v2", "web-v3"], "tcp_open_total", labels),
        [1, 1e9],
      );
    },
  },
  {
    name: "OUT2: a TCPRoute sends connections to another Service",
    quick: true,
    run: async (world) => {
      const place = world.place();
      await world.apply(place.service, route(tcpRoute, place, 7070, tcp("web-v2")));
      await world.eventually("the route holds", async () =>
        Bun.deepEquals(await answering(world, `${place.host}:7070`, 10), ["web-v2"]),
      );
    },
  },
  {
    name: "P26: a TCPRoute shares connections by weight",
    run: async (world) => {
      const place = world.place();
      await world.apply(
        place.service,
        route(tcpRoute, place, 7070, tcp("web-v1", 3), tcp("web-v2", 1), tcp("web-v3", 0)),
      );
      await world.eventually("the route holds", async () =>
        Bun.deepEquals(await answering(world, `${place.host}:7070`, 30), ["web-v1", "web-v2"]),
      );
      const lines = await world.talk("client", `${place.host}:7070`, { count: 200 });
      within(
        "the first one's of 200",
        lines.filter((line) => line.startsWith("web-v1")).length,
        [125, 175],
      );
    },
  },
  {
    name: "OUT9, MET36: a TCPRoute whose backend is not there closes its share, and is counted",
    run: async (world) => {
      const place = world.place();
      await world.apply(
        place.service,
        route(tcpRoute, place, 7070, tcp("web-v1", 1), tcp("nowhere", 1)),
      );
      await world.eventually("the route holds", async () =>
        Bun.deepEquals(await answering(world, `${place.host}:7070`), ["closed", "web-v1"]),
      );
      const labels = { error: "invalid_backend" };
      within("refused", await counted(world, "tcp_errors_total", labels), [1, 1e9]);
    },
  },
  {
    name: "OUT12: a port that a Service does not have leads nowhere",
    run: async (world) => {
      const place = world.place();
      await world.apply(place.service);
      await world.answers("client", place.url, 200);
      same(
        "another port",
        (await world.ask("client", `${place.url}:8888`, { limitSeconds: 3 })).status,
        0,
      );
    },
  },
  {
    name: "P9, OUT2: appProtocol http is HTTP/1, kubernetes.io/h2c is HTTP/2, what is not known is opaque",
    run: async (world) => {
      const rules = [{ matches: [path("/a")], backendRefs: [to("web-v1")] }];
      const [one, two, other] = [
        world.place({ appProtocol: "http" }),
        world.place({ appProtocol: "kubernetes.io/h2c" }),
        world.place({ appProtocol: "example.com/own" }),
      ];
      await world.apply(
        ...[one, two, other].flatMap((place) => [
          place.service,
          httpRoute(place.name, place.parent(), rules),
        ]),
      );
      await world.answers("client", `${one.url}/b`, 404);
      await world.answers("client", `${two.url}/b`, 404, { http2: true });
      await world.answers("client", `${other.url}/b`, 200);
      same("HTTP/1 by the first", (await world.ask("client", `${one.url}/a`)).status, 200);
      same(
        "HTTP/2 by the second",
        (await world.ask("client", `${two.url}/a`, { http2: true })).status,
        200,
      );
    },
    // What is opaque no proxy counts as requests.
    uncounted: true,
  },
];
