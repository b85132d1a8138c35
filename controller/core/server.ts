/** Servers: which port of which workload one is about (INB2, INB4), and how many requests it takes (INB11). */

import type { DefaultPolicy } from "./default-policy.ts";
import { type Aged, byAge } from "./route.ts";
import { type LabelSelector, type Labels, selects } from "./selector.ts";
import type { Workload } from "./workload.ts";

/** What is spoken on a port; `detect`: it shows. */
export type PortProtocol = "detect" | "http1" | "http2" | "grpc" | "opaque" | "tls";

/** A Server. */
export type Server = Aged & {
  readonly labels: Labels;
  /** Undefined: no pod. */
  readonly podSelector: LabelSelector | undefined;
  readonly externalWorkloadSelector: LabelSelector | undefined;
  /** By number or by name; undefined, where it cannot be read, is every port. */
  readonly port: number | string | undefined;
  readonly protocol: PortProtocol;
  readonly accessPolicy: DefaultPolicy;
  /** What of it is not known or cannot be read: it then takes what it may select, and allows nobody. */
  readonly fault: string | undefined;
};

/** A limit in requests a second. */
export type RateLimitOverride = {
  readonly requestsPerSecond: number;
  readonly identities: readonly string[];
};

/** An HTTPLocalRateLimitPolicy; what is undefined limits nothing. */
export type RateLimit = Aged & {
  /** The Server; undefined where the policy is about none. */
  readonly server: string | undefined;
  readonly total: number | undefined;
  readonly identity: number | undefined;
  readonly overrides: readonly RateLimitOverride[];
};

/** The Server of a port: of several the oldest, then the first by name. */
export function serverOf(
  workload: Workload,
  port: number,
  servers: readonly Server[],
): Server | undefined {
  return oldest(servers.filter((server) => isAbout(server, workload, port)));
}

/** Whether a Server is about a port of a workload of its namespace. */
export function isAbout(server: Server, workload: Workload, port: number): boolean {
  return selectsWorkload(server, workload) && selectsPort(server, workload, port);
}

function selectsWorkload(server: Server, workload: Workload): boolean {
  const selector = workload.external ? server.externalWorkloadSelector : server.podSelector;
  return selects(selector, workload.labels);
}

function selectsPort(server: Server, workload: Workload, port: number): boolean {
  if (server.port === undefined || server.port === port) return true;
  return (
    typeof server.port === "string" && (workload.namedPorts.get(server.port) ?? []).includes(port)
  );
}

/** The object of several that counts. */
export function oldest<Object extends Aged>(objects: readonly Object[]): Object | undefined {
  return [...objects].sort(byAge)[0];
}
