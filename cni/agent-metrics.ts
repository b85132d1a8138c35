/** What the agent counts. */

import type { Counter } from "#lib/metrics/counter.ts";
import { writeExposition } from "#lib/metrics/exposition.ts";
import type { Gauge } from "#lib/metrics/gauge.ts";
import type { Histogram } from "#lib/metrics/histogram.ts";
import { type Family, Registry } from "#lib/metrics/registry.ts";
import type { RedirectKind } from "./apply/redirection.ts";
import type { CniAnswer } from "./result.ts";

/** Bounds of the time a call takes, milliseconds. */
const BOUNDS = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000];
/** Nothing of an agent's is few enough to be forgotten. */
const FOREVER_MS = Number.POSITIVE_INFINITY;

/** The agent's metrics. */
export class AgentMetrics {
  readonly #registry = new Registry();
  readonly #requests: Family<Counter>;
  readonly #duration: Family<Histogram>;
  readonly #pods: Family<Gauge>;
  readonly #collected: Counter;
  readonly #repaired: Counter;
  readonly #installed: Counter;

  constructor(kind: RedirectKind) {
    const registry = this.#registry;
    this.#requests = registry.counter(
      "linkerd_cni_requests_total",
      "Calls of the container runtime, by command and outcome.",
    );
    this.#duration = registry.histogram("linkerd_cni_request_duration_ms", {
      help: "Time that a call took.",
      bounds: BOUNDS,
    });
    this.#pods = registry.gauge("linkerd_cni_redirected_pods", "Pods redirected on this node.");
    this.#repaired = registry
      .counter("linkerd_cni_repaired_total", "Redirections of running pods that were put back.")
      .with();
    this.#collected = registry
      .counter("linkerd_cni_collected_total", "Redirections removed without a DEL.")
      .with();
    this.#installed = registry
      .counter("linkerd_cni_installed_total", "Times the plugin or its entry was put in place.")
      .with();
    registry.gauge("linkerd_cni_redirect_info", "How this node redirects.").with({ kind }).set(1);
  }

  served(
    command: string,
    { answer, ms }: { readonly answer: CniAnswer; readonly ms: number },
  ): void {
    const outcome = answer.exit === 0 ? "success" : "failure";
    this.#requests.with({ command, outcome }).increment();
    this.#duration.with({ command }).observe(ms);
  }

  /** What one look at the node did. */
  looked(what: {
    readonly repaired: number;
    readonly collected: number;
    readonly installed: number;
  }): void {
    this.#repaired.add(what.repaired);
    this.#collected.add(what.collected);
    this.#installed.add(what.installed);
  }

  /** How many pods are redirected, by kind. */
  pods(kinds: readonly RedirectKind[]): void {
    for (const kind of ["ebpf", "nft", "iptables"] as const)
      this.#pods.with({ kind }).set(kinds.filter((each) => each === kind).length);
  }

  text(nowMs: number): string {
    return writeExposition(this.#registry, { nowMs, retainIdleMs: FOREVER_MS });
  }
}
