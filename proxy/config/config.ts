/** The parsed configuration of a proxy. */

import type { Cidr } from "#lib/addr/cidr.ts";
import type { SocketAddr } from "#lib/addr/socket-addr.ts";
import type { NameSuffix } from "#lib/addr/suffix.ts";
import type { ControlAddr } from "../control/control-addr.ts";
import type { StreamLimits } from "../control/stream-limits.ts";
import type { DefaultQueue } from "../policy/client-policy.ts";
import type { DefaultPolicyName } from "../policy/default-policy.ts";
import type { AccessLogFormat } from "../telemetry/access-log.ts";
import type { DirectionConfig } from "../transport/direction-config.ts";

/** The collector of spans, and what they say of who sends them. */
export interface TraceConfig {
  readonly collector: ControlAddr;
  readonly hostname: string;
  readonly serviceName: string | undefined;
  /** A file of the pod's labels. */
  readonly attributesPath: string | undefined;
  /** Lines of name=value, of which later ones win. */
  readonly attributes: readonly string[];
}

/** Everything a proxy is told from outside. */
export interface ProxyConfig {
  readonly outbound: DirectionConfig & {
    /** Whether metrics of routes tell host names apart. */
    readonly hostnameLabels: boolean;
    /** Of connections of opaque bytes that wait, where policy does not say it. */
    readonly tcpQueue: DefaultQueue;
  };
  readonly inbound: DirectionConfig & {
    readonly ips: ReadonlySet<string>;
    readonly ports: readonly number[];
    readonly opaquePorts: ReadonlySet<number>;
    readonly defaultPolicy: DefaultPolicyName;
    /** Names that those who are let in may call from here (P28). */
    readonly gatewaySuffixes: readonly NameSuffix[];
    /** Whether metrics tell apart what requests name. */
    readonly authorityLabels: boolean;
  };
  readonly adminListen: SocketAddr;
  /** Where those who look at requests come, and who may; undefined: nobody. */
  readonly tap: { readonly listen: SocketAddr; readonly clientName: string } | undefined;
  /** Where spans go; undefined: there are none. */
  readonly trace: TraceConfig | undefined;
  readonly clusterNetworks: readonly string[];
  readonly profileNetworks: readonly Cidr[];
  readonly profileSuffixes: readonly NameSuffix[];
  /** Milliseconds that inbound requests wait for a profile. */
  readonly profileInitialMs: number;
  /** Requests of the application say where they go (P27). */
  readonly ingressMode: boolean;
  readonly destination: ControlAddr & { readonly context: string };
  readonly policy: ControlAddr & { readonly workload: string };
  readonly identity: ControlAddr & {
    readonly dir: string;
    /** Anchors to start with, PEM. */
    readonly trustAnchorsPem: string;
    /** Whether the anchors that the identity service streams replace them. */
    readonly trustWatch: boolean;
    readonly tokenFile: string;
    readonly localName: string;
    readonly minRefreshMs: number;
    readonly maxRefreshMs: number;
  };
  /** Of streams to services that are not in this pod. */
  readonly streams: StreamLimits;
  readonly informationalHeaders: boolean;
  readonly shutdownEndpoint: boolean;
  readonly shutdownGraceMs: number;
  readonly metricsRetainIdleMs: number;
  readonly log: { readonly filter: string; readonly format: "plain" | "json" };
  /** How inbound logs each answer; undefined: not at all. */
  readonly accessLog: AccessLogFormat | undefined;
  /** How many workers are asked for (`CORES` and its like); there is one. */
  readonly workers: number;
  /** Ready only once an outbound connection of our own came back captured. */
  readonly captureProof: boolean;
  /** How often the proof is renewed while it holds, in milliseconds. */
  readonly captureProofIntervalMs: number;
}
