/** The series of this workload's ports, found once for each policy that they have. */

import type { InboundRule, ServerPolicy } from "../policy/server-policy.ts";
import type { Detections } from "../telemetry/detect-metrics.ts";
import type { InboundFamilies, InboundSeries } from "../telemetry/inbound-families.ts";
import { parentLabels, policyLabels, serverLabels } from "../telemetry/labels.ts";
import type { TransportHeader } from "../transport/header.ts";

/** How a transport header's session is called (MET21). */
const SESSIONS = { http1: "http/1", http2: "http/2" } as const;

/** Keeps series as long as the policy that they are of. */
export class InboundCounts {
  /** Whether requests are told apart by what they name (INBOUND_METRICS_AUTHORITY_LABELS). */
  readonly authorities: boolean;
  readonly #families: InboundFamilies;
  readonly #rules = new WeakMap<InboundRule, InboundSeries>();
  readonly #servers = new WeakMap<ServerPolicy, Detections>();

  constructor(families: InboundFamilies, authorities: boolean) {
    this.authorities = authorities;
    this.#families = families;
  }

  /** Of a rule of the policy that a port has: of gRPC's families where the port is declared to speak that. */
  ofRule(rule: InboundRule, { protocol, labels }: ServerPolicy, port: number): InboundSeries {
    const known = this.#rules.get(rule);
    if (known !== undefined) return known;
    const kind = protocol.type === "grpc" ? "grpc" : "http";
    const series = this.#families[kind].of({
      ...parentLabels(labels, port),
      ...policyLabels("route", rule.labels),
    });
    this.#rules.set(rule, series);
    return series;
  }

  /** Of looks at a port's connections. */
  detections(policy: ServerPolicy, port: number): Detections {
    const known = this.#servers.get(policy);
    if (known !== undefined) return known;
    const detections = this.#families.detect.of(serverLabels(policy.labels, port));
    this.#servers.set(policy, detections);
    return detections;
  }

  /** A client's connection came with this header. */
  header({ sessionProtocol, port, name }: TransportHeader, clientId: string): void {
    this.#families.headers
      .with({
        session_protocol: sessionProtocol === undefined ? "" : SESSIONS[sessionProtocol],
        target_port: String(port),
        target_name: name,
        client_id: clientId,
      })
      .increment();
  }
}
