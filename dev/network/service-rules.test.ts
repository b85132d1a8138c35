import { expect, test } from "bun:test";
import type { Service } from "#lib/k8s/types/core.ts";
import type { EndpointSlice } from "#lib/k8s/types/discovery.ts";
import { FakeClock } from "../../test/fake/clock.ts";
import { FakeInformer } from "../../test/fake/informer.ts";
import { RecordedLog } from "../../test/fake/recorded-log.ts";
import { followServices } from "./service-rules.ts";

const web: Service = {
  metadata: { name: "web", namespace: "a" },
  spec: { clusterIP: "10.96.0.7", ports: [{ port: 80 }] },
};
const slice = (ip: string): EndpointSlice => ({
  metadata: { name: "web-1", namespace: "a", labels: { "kubernetes.io/service-name": "web" } },
  addressType: "IPv4",
  ports: [{ port: 8080 }],
  endpoints: [{ addresses: [ip] }],
});

const NETWORKS = [{ family: "IPv4", serviceCidr: "10.96.0.0/16" }] as const;

function bed() {
  const clock = new FakeClock();
  const services = new FakeInformer<Service>(web);
  const slices = new FakeInformer<EndpointSlice>();
  const log = new RecordedLog();
  const applied: string[] = [];
  const state = { refuses: false };
  const rules = followServices({
    ...{ services, slices, clock, logger: log.logger, networks: NETWORKS },
    apply: (script) => {
      if (state.refuses) throw new Error("nft says no");
      applied.push(script);
    },
  });
  return { clock, services, slices, log, applied, state, rules };
}

test("changes that come together are applied together, and only where the rules differ", () => {
  const { clock, slices, services, applied } = bed();
  slices.put(slice("10.244.0.2"));
  slices.put(slice("10.244.0.3"));
  clock.advance(20);
  expect(applied).toHaveLength(1);
  expect(applied[0]).toContain("dnat to 10.244.0.3:8080");
  services.put(web);
  clock.advance(20);
  expect(applied).toHaveLength(1);
  slices.drop({ name: "web-1", namespace: "a" });
  clock.advance(20);
  expect(applied.at(-1)).toContain("10.96.0.7 tcp dport 80 reject");
});

test("rules that are refused are tried again", () => {
  const { clock, applied, state, log } = bed();
  state.refuses = true;
  clock.advance(20);
  expect(log.lines.join("\n")).toContain("nft says no");
  state.refuses = false;
  clock.advance(1_000);
  expect(applied).toHaveLength(1);
});

test("nothing is applied after the end", () => {
  const { clock, rules, slices, applied } = bed();
  rules.stop();
  slices.put(slice("10.244.0.2"));
  clock.advance(10_000);
  expect(applied).toEqual([]);
});
