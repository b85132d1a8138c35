/** ServiceProfiles: routes by condition, classes of answers, retries within a budget, times, and other destinations. */

import { expect } from "bun:test";
import type { Bed } from "../bed.ts";
import {
  add,
  balanced,
  fallback,
  first,
  forwardTo,
  http1,
  ms,
  resource,
  tcp,
} from "../messages.ts";
import type { ProfileInit } from "../plane.ts";
import { reaches, refused, type Scene } from "../scene.ts";

const budget = { retryRatio: 0.2, minRetriesPerSecond: 10, ttl: ms(10_000) };
const match = (kind: string, value: unknown): object => ({ match: { case: kind, value } });
const path = (regex: string): object => match("path", { regex });
const method = (value: number): object => match("method", { type: { case: "registered", value } });
const brew = match("method", { type: { case: "unregistered", value: "BREW" } });
const all = (...matches: readonly object[]): object => match("all", { matches });
const any = (...matches: readonly object[]): object => match("any", { matches });

/** Says a profile of a Service whose policy sends to one address. */
function sayProfile(bed: Bed, ip: string, profile: object): void {
  bed.plane.sayProfile(`${ip}:80`, profile as ProfileInit);
}

const ROUTES: Scene = {
  name: "P23, P34, ERR8: a profile's routes are tried again, end in time, and say what is a failure",
  run: async (bed) => {
    const web = "10.77.2.51";
    let failures = 0;
    const app = bed.endpoint(web, {
      answer: ({ path: asked }) => {
        if (asked === "/slow") return undefined;
        return { status: failures-- > 0 ? 503 : 200 };
      },
    });
    const ip = "10.77.1.51";
    const named = "profiled.ns.svc.cluster.local:80";
    bed.plane.sayEndpoints(named, add([{ addr: tcp(web, 8080), weight: 1 }]));
    bed.plane.sayOutbound(`${ip}:80`, http1({ backends: first({ backend: balanced(named) }) }));
    const status = (min: number, max: number): object => match("status", { min, max });
    const classes = [
      { condition: all(status(404, 404), match("not", status(500, 599))), isFailure: true },
      { condition: any(status(500, 502), status(503, 599)), isFailure: true },
    ];
    const routes = [
      {
        condition: all(path("/retry/.*"), any(method(0), brew), match("not", method(1))),
        responseClasses: classes,
        metricsLabels: { route: "GET /retry" },
        isRetryable: true,
      },
      { condition: path("/slow"), metricsLabels: { route: "/slow" }, timeout: ms(150) },
    ];
    sayProfile(bed, ip, {
      ...{ fullyQualifiedName: "profiled.ns.svc.cluster.local", routes, retryBudget: budget },
      parentRef: resource("Service", "profiled", "core"),
      profileRef: resource("ServiceProfile", "profiled", "linkerd.io"),
    });
    failures = 1;
    await reaches(bed, ip, web, { path: "/retry/a" });
    expect(app.heard.length).toBe(2);
    failures = 1;
    expect((await bed.ask(ip, { path: "/retry/a", method: "POST" })).status).toBe(503);
    await refused(bed, ip, 504, { path: "/slow" });
    expect(await bed.metric("route_retryable_total", 'rt_route="GET /retry"')).toBeGreaterThan(0);
  },
};

const OVERRIDES: Scene = {
  name: "P23: a profile sends to other destinations by weight",
  run: async (bed) => {
    const [a, b] = ["10.77.2.52", "10.77.2.53"];
    for (const ip of [a, b]) bed.endpoint(ip);
    const ip = "10.77.1.52";
    const over = (name: string, endpoint: string, weight: number): object => {
      bed.plane.sayEndpoints(
        `${name}.ns.svc.cluster.local:80`,
        add([{ addr: tcp(endpoint, 8080), weight: 1 }]),
      );
      return {
        ...{ authority: `${name}.ns.svc.cluster.local:80`, weight },
        backendRef: resource("Service", name, "core"),
      };
    };
    bed.plane.sayOutbound(`${ip}:80`, http1({ backends: first({ backend: forwardTo(a) }) }));
    sayProfile(bed, ip, {
      ...{ fullyQualifiedName: "split.ns.svc.cluster.local", retryBudget: budget },
      dstOverrides: [over("one", a, 1000), over("two", b, 9000)],
    });
    const seen = new Set<string>();
    await bed.until(async () => {
      seen.add((await bed.ask(ip)).from);
      return seen.size === 2;
    }, "one of the two destinations was never taken");
    expect([...seen].toSorted()).toEqual([a, b]);
  },
};

const ENDPOINT: Scene = {
  name: "P23: a profile of a pod's address names its endpoint",
  run: async (bed) => {
    const ip = "10.77.2.54";
    bed.endpoint(ip, { port: 80 });
    sayProfile(bed, ip, {
      endpoint: {
        ...{ addr: tcp(ip, 80), weight: 1, metricLabels: { pod: "named" } },
        resourceRef: fallback("pod"),
      },
    });
    await reaches(bed, ip, ip);
    expect(await bed.metric("response_total", 'dst_pod="named"')).toBe(1);
  },
};

/** All. */
export const PROFILES: readonly Scene[] = [ROUTES, OVERRIDES, ENDPOINT];
