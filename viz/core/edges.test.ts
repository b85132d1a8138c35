import { expect, test } from "bun:test";
import { parseExposition } from "#lib/metrics/parse.ts";
import { edgesOf } from "./edges.ts";

const source = { name: "web", namespace: "a" };
const of = (line: string, kind = "deployment") =>
  edgesOf(source, { samples: parseExposition(`${line}\n`), kind });

test("edgesOf() takes what the asked kind of workload has answered, or has open", () => {
  const to = 'dst_deployment="api",dst_namespace="b",tls="true",server_id="api.b"';
  const edge = {
    ...{ source, target: { name: "api", namespace: "b" }, serverId: "api.b" },
    noTlsReason: undefined,
  };
  expect(of(`response_total{direction="outbound",${to}} 1`)).toEqual([edge]);
  expect(of(`tcp_open_connections{direction="outbound",peer="dst",${to}} 1`)).toEqual([edge]);
  for (const other of [
    `response_total{direction="outbound",${to}} 0`,
    `response_total{direction="inbound",${to}} 1`,
    `tcp_open_connections{direction="outbound",peer="src",${to}} 1`,
    `request_total{direction="outbound",${to}} 1`,
  ])
    expect(of(other)).toEqual([]);
  expect(of(`response_total{direction="outbound",${to}} 1`, "statefulset")).toEqual([]);
});

test("edgesOf() says why there is no TLS", () => {
  const of1 = (tls: string): unknown =>
    of(`response_total{direction="outbound",dst_deployment="api",${tls}} 1`)[0]?.noTlsReason;
  expect(of1('tls="no_identity",no_tls_reason="loopback"')).toBe("loopback");
  expect(of1('tls="disabled"')).toBe("disabled");
  expect(of1('x="y"')).toBe("unknown");
});
