/** How a client's proxy reaches a destination without routes of its own (OUT1, OUT2, OUT5, OUT11, OUT12). */

import { holds, type Ports } from "./workload.ts";

/** A Service as the controllers see it. */
export type ServiceView = {
  readonly name: string;
  readonly namespace: string;
  readonly clusterIps: readonly string[];
  readonly external: boolean;
  /** `appProtocol` by port. */
  readonly ports: ReadonlyMap<number, string | undefined>;
  readonly opaque: Ports;
};

/** What the policy of a destination is. */
export type Destination =
  | {
      readonly type: "service";
      readonly service: ServiceView;
      readonly port: number;
      readonly protocol: "detect" | "opaque" | "http1" | "http2";
    }
  | { readonly type: "undefined-port"; readonly service: ServiceView; readonly port: number }
  | { readonly type: "unknown-address"; readonly ip: string; readonly port: number };

/** The destination of a Service's port. */
export function destinationOf(service: ServiceView, port: number): Destination {
  if (!service.ports.has(port)) return { type: "undefined-port", service, port };
  return { type: "service", service, port, protocol: protocolOf(service, port) };
}

function protocolOf(service: ServiceView, port: number): "detect" | "opaque" | "http1" | "http2" {
  if (holds(service.opaque, port)) return "opaque";
  switch (service.ports.get(port)?.toLowerCase()) {
    case undefined:
    case "":
      return "detect";
    case "http":
      return "http1";
    case "kubernetes.io/h2c":
      return "http2";
    default:
      return "opaque";
  }
}
