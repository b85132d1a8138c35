/** What both directions of a proxy share: time, chance, log, credentials and counters. */

import type { Logger } from "#lib/log/logger.ts";
import type { Clock } from "#lib/time/clock.ts";
import type { ErrorMetrics } from "../telemetry/error-metrics.ts";
import type { HttpMetrics } from "../telemetry/http-metrics.ts";
import type { TcpMetrics } from "../telemetry/tcp-metrics.ts";
import type { CredentialSource } from "./originate.ts";
import type { Relays } from "./relay.ts";

/** What accepted connections have shown of how this pod is redirected. */
export interface Redirection {
  /** By eBPF: a socket's own address is its original destination, and the application can be shown its caller. */
  bySockets: boolean;
}

/** Given to every station that needs it when the proxy is built. */
export interface Runtime {
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Logger;
  readonly credentials: CredentialSource;
  readonly http: HttpMetrics;
  readonly tcp: TcpMetrics;
  readonly errors: ErrorMetrics;
  readonly redirection: Redirection;
  /** Connections without requests. */
  readonly relays: Relays;
  /** An exception in our own code: counted and logged. */
  readonly onFault: (error: Error) => void;
}
