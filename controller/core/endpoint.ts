/** Endpoints of a Service port as a client's proxy is told of them (DST3 to DST8), and how a set changed (DST2). */

import type { Http2Params } from "./http2-params.ts";
import { holds, type Workload } from "./workload.ts";

/** One address, with all that a proxy needs to reach it well. */
export type Endpoint = {
  readonly ip: string;
  readonly port: number;
  readonly labels: Readonly<Record<string, string>>;
  readonly identity: string | undefined;
  /** The name that TLS is for. */
  readonly serverName: string | undefined;
  readonly hint: "none" | "h2" | "opaque";
  /** The port for connections with a transport header. */
  readonly directPort: number | undefined;
  /** How HTTP/2 is set up towards it; meshed ones alone have some. */
  readonly http2?: Http2Params | undefined;
};

/** What answers at an address that is no Service's; undefined where its proxy's ports cannot be read. */
export type LoneEndpoint = {
  readonly endpoint: Endpoint | undefined;
  readonly opaque: boolean;
};

/** All endpoints of one view, by address. */
export type EndpointSet = {
  /** Whether the Service is there at all. */
  readonly exists: boolean;
  readonly labels: Readonly<Record<string, string>>;
  readonly endpoints: ReadonlyMap<string, Endpoint>;
};

/** What endpoints depend on beside the pod. */
export type EndpointOptions = {
  readonly controllerNamespace: string;
  readonly trustDomain: string;
  readonly h2Upgrade: boolean;
  /** Whether every meshed endpoint is dialled with a transport header. */
  readonly transportHeader: boolean;
  /** How clients set up HTTP/2 towards meshed endpoints. */
  readonly http2?: Http2Params | undefined;
};

/** A pod's endpoint; undefined where its proxy's ports cannot be read (DST5). */
export function endpointOf(
  at: {
    readonly ip: string;
    readonly port: number;
    readonly zone: string;
    readonly clientZone: string;
    readonly workload: Workload | undefined;
  },
  options: EndpointOptions,
): Endpoint | undefined {
  const { ip, port, zone, clientZone, workload } = at;
  const none = { identity: undefined, serverName: undefined, directPort: undefined };
  const plain = { ip, port, ...none, hint: "none" } as const;
  const locality = zoneLocality(zone, clientZone);
  if (workload === undefined) return { ...plain, labels: { zone, zone_locality: locality } };
  const labels = { ...labelsOf(workload), zone, zone_locality: locality };
  const { external } = workload;
  const meshed =
    (external || workload.controlPlaneNs !== undefined) && !holds(workload.skipInbound, port);
  if (!meshed) return { ...plain, labels };
  if (workload.proxy === undefined) return undefined;
  const opaque = holds(workload.opaque, port);
  const meta = workload.proxy.metaPorts.includes(port);
  const direct = !meta && (opaque || options.transportHeader);
  const identity = identityOf(workload, options);
  return {
    ip,
    port,
    labels,
    identity: identity?.name,
    serverName: identity?.serverName,
    hint: opaque ? "opaque" : external || options.h2Upgrade ? "h2" : "none",
    directPort: direct ? workload.proxy.inboundPort : undefined,
    ...(options.http2 && { http2: options.http2 }),
  };
}

/** `<sa>.<ns>.serviceaccount.identity.<control-plane-ns>.<trust-domain>` of what this control plane has meshed (DST4, DST6). */
function identityOf(workload: Workload, options: EndpointOptions): Workload["identity"] {
  if (workload.identity !== undefined) return workload.identity;
  const { serviceAccount, namespace, controlPlaneNs } = workload;
  if (controlPlaneNs !== options.controllerNamespace) return undefined;
  const name = `${serviceAccount}.${namespace}.serviceaccount.identity.${controlPlaneNs}.${options.trustDomain}`;
  return { name, serverName: name };
}

function zoneLocality(zone: string, clientZone: string): string {
  if (zone === "" || clientZone === "") return "unknown";
  return zone === clientZone ? "local" : "remote";
}

function labelsOf(workload: Workload): Record<string, string> {
  const { owner, templateHash, controlPlaneNs, external } = workload;
  return {
    ...(external
      ? { external_workload: workload.name }
      : { pod: workload.name, serviceaccount: workload.serviceAccount }),
    ...(owner !== undefined && { [ownerLabel(owner.kind)]: owner.name }),
    ...(controlPlaneNs !== undefined && { control_plane_ns: controlPlaneNs }),
    ...(templateHash !== undefined && { pod_template_hash: templateHash }),
  };
}

/** LBL5: a Job's is another word, as `job` is Prometheus' own. */
function ownerLabel(kind: string): string {
  const label = kind.toLowerCase();
  return label === "job" ? "k8s_job" : label;
}

/** What leads from the set that a client has to the newest. */
export type SetChange = {
  readonly add: readonly Endpoint[];
  readonly remove: readonly Endpoint[];
};

/** Compares by value: an endpoint with another label or hint is added anew, which replaces it. */
export function diffSets(sent: EndpointSet | undefined, now: EndpointSet): SetChange {
  const before = sent?.endpoints ?? new Map<string, Endpoint>();
  const same = (address: string, endpoint: Endpoint): boolean => {
    const old = before.get(address);
    return old !== undefined && (old === endpoint || sameEndpoint(old, endpoint));
  };
  return {
    add: [...now.endpoints].filter(([at, each]) => !same(at, each)).map(([, each]) => each),
    remove: [...before].filter(([at]) => !now.endpoints.has(at)).map(([, each]) => each),
  };
}

function sameEndpoint(a: Endpoint, b: Endpoint): boolean {
  const keys = Object.keys(a.labels);
  return (
    a.identity === b.identity &&
    a.serverName === b.serverName &&
    a.hint === b.hint &&
    a.directPort === b.directPort &&
    keys.length === Object.keys(b.labels).length &&
    keys.every((key) => a.labels[key] === b.labels[key])
  );
}
