import { expect, test } from "bun:test";
import { parseExposition } from "#lib/metrics/parse.ts";
import { authzOf } from "./authz.ts";

const labels = 'direction="inbound",srv_kind="default",srv_name="deny",route_name="default"';

test("authzOf() has a row for what grew, over all proxies, and none for what did not", () => {
  const pair = (from: number, to: number) => ({
    first: parseExposition(`inbound_http_authz_deny_total{${labels}} ${from}\nx_total 1\n`),
    second: parseExposition(`inbound_http_authz_deny_total{${labels}} ${to}\nx_total 9\n`),
    seconds: 1,
  });
  expect(authzOf([pair(0, 0)])).toEqual([]);
  expect(authzOf([pair(0, 2), pair(5, 6)])).toEqual([
    {
      ...{ route: "default", server: "default:deny", authorization: undefined, unauthorized: 3 },
      ...{ success: undefined, rps: 0 },
      latencyMs: { p50: undefined, p95: undefined, p99: undefined },
    },
  ]);
});
