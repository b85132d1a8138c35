/** What the injector reads of the mesh's values: the part of ConfigMap linkerd-config that shapes a proxy. */

/** Requests and limits of a container; an empty quantity is left out. */
export type Resources = {
  readonly cpu: { readonly request: string; readonly limit: string };
  readonly memory: { readonly request: string; readonly limit: string };
};

/** A workload in the mesh, by its account. */
export type MeshIdentity = {
  readonly serviceAccountName: string;
  readonly namespace: string;
};

/** Where spans go, and what they say beside what the proxy knows. */
export type TracingValues = {
  readonly enabled: boolean;
  readonly traceServiceName: string;
  /** Attributes; values may name variables of the proxy: `$(_pod_ip)`. */
  readonly labels: Readonly<Record<string, string>>;
  /** `host:port`, and who answers there. */
  readonly collector: { readonly endpoint: string; readonly meshIdentity: MeshIdentity };
};

/** The proxy's defaults; annotations win over them. */
export type ProxyValues = {
  readonly image: {
    readonly name: string;
    readonly version: string;
    readonly pullPolicy: "Always" | "IfNotPresent" | "Never";
  };
  readonly logLevel: string;
  readonly logFormat: "plain" | "json";
  readonly ports: {
    readonly admin: number;
    readonly control: number;
    readonly inbound: number;
    readonly outbound: number;
  };
  readonly resources: Resources;
  readonly uid: number;
  readonly defaultInboundPolicy: string;
  /** A comma list: cluster-wide opaque ports. */
  readonly opaquePorts: string;
  /** Whether the application starts only once the proxy is ready. */
  readonly await: boolean;
  readonly shutdownGracePeriod: string;
  /** How long a pod that ends keeps its proxy as it is before it is told to end. */
  readonly waitBeforeExitSeconds: number;
  /** Whether the proxy is a native sidecar, or an ordinary container. */
  readonly nativeSidecar: boolean;
  /** A comma list: inbound ports that take nobody without an identity. */
  readonly requireIdentityOnInboundPorts: string;
  readonly enableShutdownEndpoint: boolean;
  /** Durations: an integer and a unit. */
  readonly outboundConnectTimeout: string;
  readonly inboundConnectTimeout: string;
  readonly outboundDiscoveryCacheUnusedTimeout: string;
  readonly inboundDiscoveryCacheUnusedTimeout: string;
  /** Whether metrics of what goes out tell host names apart. */
  readonly metrics: { readonly hostnameLabels: boolean };
  readonly tracing: TracingValues;
  /** Whether somebody may tap, and who. */
  readonly tap: { readonly enabled: boolean; readonly meshIdentity: MeshIdentity };
  /** Whether a proxy is ready only once it is known to be captured. */
  readonly captureProof: boolean;
};

/** Names are those of Linkerd's chart. */
export type InjectValues = {
  readonly linkerdVersion: string;
  readonly namespace: string;
  readonly clusterDomain: string;
  readonly identityTrustDomain: string;
  /** A comma list of CIDRs. */
  readonly clusterNetworks: string;
  readonly proxy: ProxyValues;
};

/** What the values of earlier versions do not say. */
const ADDED_LATER = {
  waitBeforeExitSeconds: 0,
  nativeSidecar: true,
  requireIdentityOnInboundPorts: "",
  enableShutdownEndpoint: false,
  outboundConnectTimeout: "1000ms",
  inboundConnectTimeout: "100ms",
  outboundDiscoveryCacheUnusedTimeout: "5s",
  inboundDiscoveryCacheUnusedTimeout: "90s",
  metrics: { hostnameLabels: false },
  tracing: {
    enabled: false,
    traceServiceName: "linkerd-proxy",
    labels: {},
    collector: { endpoint: "", meshIdentity: { serviceAccountName: "", namespace: "" } },
  },
  tap: { enabled: false, meshIdentity: { serviceAccountName: "", namespace: "" } },
} as const satisfies Partial<ProxyValues>;

/** Reads ConfigMap linkerd-config's `values`, which is written as JSON. Throws where a part is missing. */
export function parseValues(text: string): InjectValues {
  const values = JSON.parse(text) as Partial<InjectValues>;
  const missing = (
    [
      "linkerdVersion",
      "namespace",
      "clusterDomain",
      "identityTrustDomain",
      "clusterNetworks",
      "proxy",
    ] as const
  ).filter((key) => values[key] === undefined);
  if (missing.length > 0) throw new Error(`Cannot read values: ${missing.join(", ")} not set`);
  return { ...values, proxy: { ...ADDED_LATER, ...values.proxy } } as InjectValues;
}
