/** Outbound HTTP: which route takes a request, and where it goes. */

import { expect } from "bun:test";
import {
  add,
  balanced,
  bytes,
  fallback,
  first,
  forwardTo,
  http1,
  httpRoute,
  ms,
  nobody,
  policy,
  random,
  tcp,
} from "../messages.ts";
import { reaches, refused, type Scene } from "../scene.ts";

const [A, B, C] = ["10.77.2.1", "10.77.2.2", "10.77.2.3"] as const;
/** A rule that goes to one address. */
const to = (ip: string, ...matches: readonly object[]): object => ({
  matches,
  backends: first({ backend: forwardTo(ip) }),
});
const path = (kind: "exact" | "prefix" | "regex", value: string): object => ({
  path: { kind: { case: kind, value } },
});

const MATCHES: Scene = {
  name: "P9, P24, P25: Detect, with HTTP routes by host, path, header, query and method",
  run: async (bed) => {
    for (const ip of [A, B, C]) bed.endpoint(ip);
    const method = (type: object): object => ({ method: { type } });
    const header = (value: object): object => ({ headers: [{ name: "x-v", value }] });
    const query = (value: object): object => ({ queryParams: [{ name: "v", value }] });
    const any = httpRoute("any", [
      to(B, path("exact", "/exact")),
      to(C, path("prefix", "/prefix")),
      to(B, path("regex", "/re[0-9]+")),
      to(B, header({ case: "exact", value: bytes("one") })),
      to(C, header({ case: "regex", value: "t.o" })),
      to(B, query({ case: "exact", value: "one" })),
      to(C, query({ case: "regex", value: "t.o" })),
      to(B, method({ case: "registered", value: 2 })),
      to(C, method({ case: "unregistered", value: "BREW" })),
    ]);
    const exact = { match: { case: "exact", value: "exact.test" } };
    const suffix = { match: { case: "suffix", value: { reverseLabels: ["test", "sub"] } } };
    const routes = [
      any,
      httpRoute("exact", [to(A)], [exact]),
      httpRoute("suffix", [to(C)], [suffix]),
    ];
    const opaque = {
      routes: [
        {
          metadata: fallback("opaque"),
          rules: [{ backends: first({ backend: forwardTo(A) }) }],
        },
      ],
    };
    const value = { timeout: ms(10_000), opaque, http1: { routes }, http2: { routes } };
    bed.plane.sayOutbound("10.77.1.1:80", policy({ case: "detect", value }));
    const ask = (from: string, how: Parameters<typeof reaches>[3]) =>
      reaches(bed, "10.77.1.1", from, how);
    for (const protocol of ["http1", "http2"] as const) {
      await ask(A, { name: "exact.test", protocol });
      await ask(C, { name: "a.sub.test", protocol });
      await ask(B, { path: "/exact", protocol });
      await ask(C, { path: "/prefix/more", protocol });
      await ask(B, { path: "/re42", protocol });
    }
    await ask(B, { headers: { "x-v": "one" } });
    await ask(C, { headers: { "x-v": "two" } });
    await ask(B, { path: "/?v=one" });
    await ask(C, { path: "/?v=two" });
    await ask(B, { method: "PUT" });
    await ask(C, { method: "BREW" });
    await refused(bed, "10.77.1.1", 404, { path: "/nothing" });
  },
};

const WEIGHTS: Scene = {
  name: "P26, ERR20: the first backend that is available, one by weight, and none",
  run: async (bed) => {
    const [d, e] = ["10.77.2.4", "10.77.2.5"];
    for (const ip of [d, e]) bed.endpoint(ip);
    const gone = "gone.ns.svc.cluster.local:80";
    const [one, other] = [forwardTo(d), forwardTo(e)];
    bed.plane.sayOutbound(
      "10.77.1.2:80",
      http1(
        {
          matches: [path("exact", "/first")],
          backends: first({ backend: balanced(gone) }, { backend: one }),
        },
        {
          matches: [path("exact", "/random")],
          backends: random(
            { backend: { backend: one }, weight: 1 },
            { backend: { backend: other }, weight: 3 },
          ),
        },
        { matches: [path("exact", "/none")], backends: nobody },
      ),
    );
    // What has no endpoints counts as available until its queue has failed (P39).
    await bed.until(
      async () => (await bed.ask("10.77.1.2", { path: "/first" })).from === d,
      "the first backend that is available is not taken",
    );
    const seen = new Set<string>();
    await bed.until(async () => {
      seen.add((await bed.ask("10.77.1.2", { path: "/random" })).from);
      return seen.size === 2;
    }, "one of the two was never taken");
    expect([...seen].toSorted()).toEqual([d, e]);
    expect((await bed.ask("10.77.1.2", { path: "/none" })).status).toBeGreaterThanOrEqual(500);
  },
};

const ENDPOINTS: Scene = {
  name: "P22, P31: endpoints come, go, are none, and do not exist",
  run: async (bed) => {
    const [f, g] = ["10.77.2.6", "10.77.2.7"];
    const six = "fd77:2::6";
    for (const ip of [f, g, six]) bed.endpoint(ip);
    const named = "set.ns.svc.cluster.local:80";
    const load = {
      case: "penaltyPeakEwma",
      value: {
        ...{ defaultRtt: ms(30), decay: ms(10_000), penalty: ms(5000) },
        ...{ maxRetryAfter: ms(300_000), penaltyDecay: ms(10_000) },
      },
    };
    const { plane } = bed;
    const weighted = (ip: string): object => ({
      ...{
        addr: tcp(ip, 8080),
        weight: 10_000,
        metricLabels: { pod: ip.replaceAll(/[.:]/g, "-") },
      },
      ...{ resourceRef: fallback("pod"), protocolHint: {} },
      http2: {
        flowControl: {
          ...{ initialConnectionWindowSize: 1_048_576, initialStreamWindowSize: 65_535 },
          adaptiveFlowControl: true,
        },
        keepAlive: { interval: ms(10_000), timeout: ms(3000), whileIdle: true },
        internals: { maxConcurrentResetStreams: 100, maxFrameSize: 16_384, maxSendBufSize: 65_536 },
      },
    });
    plane.sayEndpoints(named, add([weighted(f)], { service: "set", namespace: "ns" }));
    const backends = first({ backend: balanced(named, { load }) });
    plane.sayOutbound("10.77.1.3:80", http1({ backends }));
    await reaches(bed, "10.77.1.3", f);
    // Adding nobody is legal and changes nothing (proxy-api.md section 8).
    plane.sayEndpoints(named, add([]), add([weighted(g), weighted(six)]));
    const remove = (ip: string) => ({
      update: { case: "remove" as const, value: { addrs: [tcp(ip, 8080)] } },
    });
    plane.sayEndpoints(named, remove(f), remove(g));
    await bed.until(
      async () => (await bed.ask("10.77.1.3")).from === six,
      "the endpoints that were removed are still used",
    );
    expect(await bed.metric("response_total", 'dst_service="set"', 'dst_pod="10-77-2-6"')).toBe(1);
    const none = { update: { case: "noEndpoints" as const, value: { exists: true } } };
    plane.sayEndpoints(named, none);
    await bed.until(
      async () => (await bed.ask("10.77.1.3")).status === 504,
      "what has no endpoints does not fail fast",
    );
  },
};

/** All. */
export const ROUTES: readonly Scene[] = [MATCHES, WEIGHTS, ENDPOINTS];
