import { expect, test } from "bun:test";
import { writeExposition } from "#lib/metrics/exposition.ts";
import { Registry } from "#lib/metrics/registry.ts";
import { FakeClock } from "../../test/fake/clock.ts";
import type { Profile } from "../policy/profile.ts";
import { ProfileMetrics } from "../telemetry/profile-metrics.ts";
import { InboundProfiles, PROFILES_LIMIT } from "./profiles.ts";

function setup(idleMs = 90_000) {
  const clock = new FakeClock();
  const registry = new Registry();
  const watched = new Map<string, (profile: Profile | undefined) => void>();
  const profiles = new InboundProfiles({
    ...{ clock, metrics: new ProfileMetrics(registry), suffixes: ["svc.cluster.local"] },
    ...{ initialMs: 500, idleMs },
    discovery: {
      watchProfile: ({ host, port }, onProfile) => {
        watched.set(`${host}:${port}`, onProfile);
        return { cancel: () => void watched.delete(`${host}:${port}`) };
      },
    },
  });
  const tell = (name: string, method: string): void =>
    watched.get(name)?.({
      ...{ name: name.replace(/:.*/, ""), endpoint: undefined, opaque: false, budget: undefined },
      overrides: [],
      routes: [
        {
          ...{ condition: { type: "method", method }, timeoutMs: undefined, retryable: false },
          ...{ failures: { statuses: [], codes: [] }, labels: { route: `all ${method}s` } },
        },
      ],
    });
  const told = () => writeExposition(registry, { nowMs: 0, retainIdleMs: 1 });
  return { clock, watched, profiles, tell, told };
}

const WEB = "web.ns.svc.cluster.local:80";
const asked = (method: string, path: string) => ({ method, path, protocol: "" });

test("P17, DESTINATION_PROFILE_SUFFIXES: names under a suffix have a profile, addresses and others none", () => {
  const { profiles, watched } = setup();
  const of = profiles.of("Web.ns.svc.cluster.local");
  expect(of).toBeDefined();
  expect(profiles.of(WEB)).toBe(of);
  const noNames = ["a..~b.svc.cluster.local", `${"x".repeat(50_000)}.svc.cluster.local`];
  for (const text of ["web.ns", "10.0.0.1:80", "[::1]", "", "web.example", "a b", ...noNames])
    expect(profiles.of(text)).toBeUndefined();
  profiles.of("web.ns.svc.cluster.local:8080");
  expect([...watched.keys()]).toEqual([WEB, "web.ns.svc.cluster.local:8080"]);
});

test("MET4, DESTINATION_PROFILE_INITIAL_TIMEOUT: requests wait for a profile that was not heard of, for so long", () => {
  const { clock, profiles, tell, told } = setup();
  const heard = profiles.of(WEB);
  const woken: string[] = [];
  heard?.wait(() => woken.push("heard"));
  expect(heard?.waits).toBe(true);
  tell(WEB, "GET");
  expect([woken, heard?.waits]).toEqual([["heard"], false]);
  heard?.find(asked("GET", "/a?b"))?.effective.requests.increment();
  expect(heard?.find(asked("POST", "/"))).toBeUndefined();
  expect(told()).toContain(
    `route_request_total{direction="inbound",dst="${WEB}",rt_route="all GETs"} 1`,
  );
  const late = profiles.of("late.ns.svc.cluster.local");
  late?.wait(() => woken.push("late"));
  clock.advance(499);
  expect(woken).toEqual(["heard"]);
  clock.advance(1);
  expect(woken).toEqual(["heard", "late"]);
  expect(late?.find(asked("GET", "/"))).toBeUndefined();
  tell("late.ns.svc.cluster.local:80", "GET");
  expect(late?.find(asked("GET", "/"))).toBeDefined();
});

test("a request goes on however soon what it waits for is followed no longer", () => {
  const { clock, profiles } = setup(100);
  const woken: string[] = [];
  const web = profiles.of(WEB);
  web?.wait(() => woken.push("web"));
  clock.advance(500);
  expect(woken).toEqual(["web"]);
  clock.advance(100);
  expect(web?.gone).toBe(true);
});

test("a profile that no request names is followed no longer, and so many are at most", () => {
  const { clock, profiles, watched } = setup();
  const web = profiles.of(WEB);
  clock.advance(60_000);
  expect(web?.waits).toBe(false);
  clock.advance(60_000);
  expect([web?.gone, watched.size]).toEqual([false, 1]);
  clock.advance(31_000);
  expect([web?.gone, watched.size]).toEqual([true, 0]);
  for (let i = 0; i < PROFILES_LIMIT; i++) profiles.of(`a${i}.ns.svc.cluster.local`);
  const noRoom = profiles.of(WEB);
  const request = { method: "GET", path: "/", protocol: "" };
  expect([noRoom?.waits, noRoom?.find(request)]).toEqual([false, undefined]);
  expect([noRoom?.gone, watched.size]).toEqual([true, PROFILES_LIMIT]);
  // Whoever asked asks again, and finds room where others are followed no longer.
  clock.advance(91_000);
  expect([profiles.of(WEB)?.gone, watched.size]).toEqual([false, 1]);
});
