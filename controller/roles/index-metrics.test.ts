import { expect, test } from "bun:test";
import { writeExposition } from "#lib/metrics/exposition.ts";
import { Registry } from "#lib/metrics/registry.ts";
import { countByNamespace, type IndexSizes, registerIndexSizes } from "./index-metrics.ts";

const sizes = (of: Record<string, number>): ReadonlyMap<string, number> =>
  new Map(Object.entries(of));

test("CPM5: sizes of indexes by kind and namespace; what has gone is not told of", () => {
  const registry = new Registry();
  const write = registerIndexSizes(registry);
  const outbound = { addresses: 3, services: 2, routes: sizes({ shop: 1 }), ports: sizes({}) };
  const told = (over: Partial<IndexSizes["outbound"]>, inbound: IndexSizes["inbound"]) => {
    write({ outbound: { ...outbound, ...over }, inbound });
    return writeExposition(registry, { nowMs: 0, retainIdleMs: 1 })
      .split("\n")
      .filter((line) => /^(in|out)bound_/.test(line));
  };
  expect(told({}, new Map([["server", sizes({ shop: 2, web: 1 })]]))).toEqual([
    'inbound_index_server_index_size{namespace="shop"} 2',
    'inbound_index_server_index_size{namespace="web"} 1',
    "outbound_index_service_index_size 3",
    "outbound_index_service_info_index_size 2",
    'outbound_index_service_route_index_size{namespace="shop"} 1',
  ]);
  const ports = sizes({ shop: 7 });
  expect(told({ ports, routes: sizes({}) }, new Map([["pod", sizes({ web: 4 })]]))).toEqual([
    'inbound_index_pod_index_size{namespace="web"} 4',
    "outbound_index_service_index_size 3",
    "outbound_index_service_info_index_size 2",
    'outbound_index_service_port_route_index_size{namespace="shop"} 7',
  ]);
});

test("countByNamespace() counts", () => {
  const of = (namespace: string) => ({ metadata: { namespace } });
  expect([...countByNamespace([of("a"), of("b"), of("a"), {}])]).toEqual([
    ["a", 2],
    ["b", 1],
    ["", 1],
  ]);
});
