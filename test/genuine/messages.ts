/** Pieces of what a control plane says, as Linkerd's says them. */

import { fromSocketAddr } from "../../proxy/control/convert.ts";
import type { OutboundInit, UpdateInit } from "./plane.ts";

/** A length of time. */
export const ms = (length: number): { seconds: bigint; nanos: number } => ({
  seconds: BigInt(Math.floor(length / 1000)),
  nanos: (length % 1000) * 1_000_000,
});

/** An object that something came of. */
export const resource = (kind: string, name: string, group = "policy.linkerd.io"): object => ({
  kind: {
    case: "resource" as const,
    value: { group, kind, name, namespace: "ns", section: "http", port: 80 },
  },
});

/** What no object says. */
export const fallback = (value: string): object => ({ kind: { case: "default" as const, value } });

/** What every backend needs (proxy-api.md section 3.9). */
const queue = { capacity: 100, failfastTimeout: ms(1000) };

/** An address as a message. */
export const tcp = (ip: string, port: number): object => fromSocketAddr({ ip, port });

/** A backend that is one address. */
export const forwardTo = (ip: string, port = 8080): object => ({
  metadata: resource("Service", `forward-${ip}`, "core"),
  queue,
  kind: { case: "forward" as const, value: { addr: tcp(ip, port), weight: 1 } },
});

/** A backend that is the endpoints of a path of Get. */
export const balanced = (path: string, over: object = {}): object => ({
  metadata: resource("Service", path.slice(0, path.indexOf(".")), "core"),
  queue,
  kind: {
    case: "balancer" as const,
    value: {
      discovery: { kind: { case: "dst" as const, value: { path } } },
      load: {
        case: "peakEwma" as const,
        value: { defaultRtt: ms(30), decay: ms(10_000) },
      },
      ...over,
    },
  },
});

/** Distributions. */
export const first = (...backends: readonly object[]): object => ({
  kind: { case: "firstAvailable" as const, value: { backends: [...backends] } },
});
export const random = (...backends: readonly object[]): object => ({
  kind: { case: "randomAvailable" as const, value: { backends: [...backends] } },
});
export const nobody: object = { kind: { case: "empty" as const, value: {} } };

/** A whole policy around its protocol; a script writes messages as they are, which types cannot follow. */
export const policy = (kind: object): OutboundInit =>
  ({ metadata: resource("Service", "web", "core"), protocol: { kind } }) as OutboundInit;

/** One route of HTTP with rules. */
export const httpRoute = (
  name: string,
  rules: readonly object[],
  hosts: readonly object[] = [],
): object => ({
  metadata: resource("HTTPRoute", name),
  hosts,
  rules,
});

/** `HTTP/1` with these rules in one route. */
export const http1 = (...rules: readonly object[]): OutboundInit =>
  policy({ case: "http1", value: { routes: [httpRoute("route", rules)] } });

/** Endpoints that come. */
export const add = (addrs: readonly object[], metricLabels = {}): UpdateInit =>
  ({ update: { case: "add", value: { addrs, metricLabels } } }) as UpdateInit;

/** Bytes of a header's value. */
export const bytes = (text: string): Uint8Array<ArrayBuffer> => new TextEncoder().encode(text);

/** Headers as messages. */
export const headers = (fields: Readonly<Record<string, string>>): object => ({
  headers: Object.entries(fields).map(([name, value]) => ({ name, value: bytes(value) })),
});
