import { expect, test } from "bun:test";
import { createValues } from "../values.ts";
import { podMonitors } from "./pod-monitors.ts";

test("podMonitors() has none unless asked, then controllers and proxies, each on request", () => {
  expect(podMonitors(createValues("1"))).toEqual([]);
  const podMonitor = { enabled: true, labels: { release: "prometheus" }, scrapeInterval: "30s" };
  const both = podMonitors(createValues("1", { podMonitor }));
  expect(both.map(({ metadata }) => [metadata?.name, metadata?.labels?.["release"]])).toEqual([
    ["linkerd-controller", "prometheus"],
    ["linkerd-proxy", "prometheus"],
  ]);
  expect(both[1]?.spec).toMatchObject({
    namespaceSelector: { any: true },
    selector: { matchLabels: { "linkerd.io/control-plane-ns": "linkerd" } },
    podMetricsEndpoints: [{ interval: "30s", scrapeTimeout: "10s" }],
  });
  const proxies = { ...podMonitor, controller: { enabled: false } };
  expect(podMonitors(createValues("1", { podMonitor: proxies }))).toHaveLength(1);
});
