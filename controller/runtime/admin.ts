/** The admin port of a role: metrics, liveness, readiness. */

import { writeExposition } from "#lib/metrics/exposition.ts";
import type { Registry } from "#lib/metrics/registry.ts";
import { type PlainServer, servePlain } from "#lib/net/plain-http.ts";
import type { ListenAddr } from "./role.ts";

/** Nothing of a controller's is few enough to be forgotten. */
const FOREVER_MS = Number.POSITIVE_INFINITY;

/** Serves `/metrics`, `/live`, `/ping` and `/ready`, which is 503 until the role serves. */
export function serveAdmin(
  addr: ListenAddr,
  role: {
    readonly registry: Registry;
    readonly now: () => number;
    readonly isReady: () => boolean;
    /** Called before the metrics are written. */
    readonly measure: () => void;
  },
): PlainServer {
  return servePlain(addr, ({ method, path }) => {
    if (method !== "GET" && method !== "HEAD") return { status: 405, body: "" };
    switch (path) {
      case "/metrics":
        role.measure();
        return {
          status: 200,
          body: writeExposition(role.registry, { nowMs: role.now(), retainIdleMs: FOREVER_MS }),
          contentType: "text/plain; version=0.0.4",
        };
      case "/live":
        return { status: 200, body: "ok\n" };
      case "/ping":
        return { status: 200, body: "pong\n" };
      case "/ready":
        return role.isReady() ? { status: 200, body: "ok\n" } : { status: 503, body: "starting\n" };
      default:
        return { status: 404, body: "" };
    }
  });
}
