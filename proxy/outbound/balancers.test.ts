import { expect, test } from "bun:test";
import { Registry } from "#lib/metrics/registry.ts";
import { FakeClock } from "../../test/fake/clock.ts";
import type { Backend, EndpointUpdate } from "../policy/client-policy.ts";
import { HttpMetrics } from "../telemetry/http-metrics.ts";
import { outboundFamilies } from "../telemetry/outbound-families.ts";
import { TcpMetrics } from "../telemetry/tcp-metrics.ts";
import { Balancers, type BalancersOptions } from "./balancers.ts";

const PATH = "web.ns.svc.cluster.local:80";
const ENDPOINT: EndpointUpdate = {
  type: "add",
  endpoints: [
    { addr: { ip: "10.0.0.1", port: 80 }, hint: "none", identity: undefined, labels: {} },
  ] as unknown as (EndpointUpdate & { readonly type: "add" })["endpoints"],
};

function setup() {
  const registry = new Registry();
  const clock = new FakeClock();
  const watched: { update(update: EndpointUpdate): void; cancelled: boolean }[] = [];
  const options = {
    runtime: {
      ...{ clock, random: () => 0 },
      ...{ http: new HttpMetrics(registry), tcp: new TcpMetrics(registry) },
    },
    config: { backoff: { minMs: 1, maxMs: 1, jitter: 0 } },
    discovery: {
      watchEndpoints: (_: string, update: (update: EndpointUpdate) => void) => {
        const watch = { update, cancelled: false };
        watched.push(watch);
        return {
          cancel: () => {
            watch.cancelled = true;
          },
        };
      },
    },
    families: outboundFamilies(registry),
    localIps: new Set<string>(),
  } as unknown as BalancersOptions;
  const balancers = new Balancers(options);
  const backend = {
    target: { type: "balancer", path: PATH, defaultRttMs: 30, decayMs: 1 },
    ...{ queueCapacity: 10, failfastMs: 1_000 },
  } as unknown as Backend;
  const take = () => {
    const keys = new Set<string>();
    const balancer = balancers.acquire(backend, undefined, keys);
    if (balancer === undefined) throw new Error("Cannot test: there is no balancer");
    const [key = ""] = keys;
    return { balancer, release: () => balancers.release(key) };
  };
  const told: string[] = [];
  const waiter = {
    onEndpoints: () => void told.push("endpoints"),
    onFailfast: () => void told.push("failfast"),
  };
  return { clock, watched, take, told, waiter };
}

test("a balancer that nobody uses any more ends once nobody waits there", () => {
  const { watched, take, told, waiter } = setup();
  const { balancer, release } = take();
  expect(balancer.wait(waiter)).toBe("waiting");
  release();
  expect([told, watched[0]?.cancelled]).toEqual([[], false]);
  watched[0]?.update(ENDPOINT);
  expect([told, watched[0]?.cancelled]).toEqual([["endpoints"], true]);
});

test("who waits at a balancer that nobody uses any more does so no longer than at any other", () => {
  const { clock, watched, take, told, waiter } = setup();
  const { balancer, release } = take();
  balancer.wait(waiter);
  release();
  clock.advance(1_000);
  expect([told, watched[0]?.cancelled]).toEqual([["failfast"], true]);
});

test("a balancer at which somebody waits is taken into use again", () => {
  const { watched, take, waiter } = setup();
  const first = take();
  first.balancer.wait(waiter);
  first.release();
  const second = take();
  expect(second.balancer).toBe(first.balancer);
  watched[0]?.update(ENDPOINT);
  expect([watched.length, watched[0]?.cancelled]).toEqual([1, false]);
  second.release();
  expect(watched[0]?.cancelled).toBe(true);
});

test("a balancer that nobody uses any more keeps its endpoints while a request may come back to it", () => {
  const { watched, take } = setup();
  const { balancer, release } = take();
  watched[0]?.update(ENDPOINT);
  balancer.expects();
  release();
  expect([balancer.pick() === undefined, balancer.failing]).toEqual([false, false]);
  balancer.left();
  expect([watched[0]?.cancelled, balancer.pick(), balancer.failing]).toEqual([
    true,
    undefined,
    true,
  ]);
});
