/** Starts the side of calls to the application: what it shares, and its listeners. */

import type { TcpStream } from "#lib/net/tcp-stream.ts";
import { InFlight } from "../http/in-flight.ts";
import type { ServerDiscovery } from "../policy/discover.ts";
import type { InboundFamilies } from "../telemetry/inbound-families.ts";
import type { DirectionConfig } from "../transport/direction-config.ts";
import { setUserTimeout } from "../transport/user-timeout.ts";
import { acceptInbound, acceptLocal } from "./accept.ts";
import type { InboundAcceptOptions, LocalServer } from "./accept-options.ts";
import { InboundCounts } from "./counts.ts";
import { Applications } from "./forward.ts";
import { Listening } from "./listening.ts";
import { type PortDefaults, Ports } from "./ports.ts";
import { InboundProfiles, type InboundProfilesOptions } from "./profiles.ts";

/**
 * Requests to this proxy's own servers that wait for their answer. They count apart: a pod whose application has all
 * that it may have would fail its probes, and be restarted for it.
 */
const LOCAL_MAX_IN_FLIGHT = 10_000;

/** What it is made of. */
export interface InboundParts
  extends Pick<
    InboundAcceptOptions,
    | "runtime"
    | "askKernel"
    | "outboundPort"
    | "localName"
    | "access"
    | "connections"
    | "gateway"
    | "lookers"
  > {
  readonly config: DirectionConfig &
    Pick<PortDefaults, "defaultPolicy" | "opaquePorts"> & {
      readonly ips: ReadonlySet<string>;
      readonly authorityLabels: boolean;
    };
  readonly discovery: ServerDiscovery;
  readonly families: InboundFamilies;
  /** Names that may have a ServiceProfile, and how long requests wait for one. */
  readonly profiles: Pick<InboundProfilesOptions, "suffixes" | "initialMs">;
  readonly clusterNetworks: readonly string[];
  /** Ports that are followed from the start. */
  readonly declared: readonly number[];
  /** Whether somebody listens on a port of this pod, and on which somebody does. */
  readonly isListenedOn: (port: number) => boolean;
  readonly listenedPorts: PortDefaults["listenedPorts"];
  /** Opens the listeners; gives the port. */
  listen(config: DirectionConfig, accept: (stream: TcpStream, port: number) => void): number;
}

/** What runs: the port that it listens on, and the same path for servers of this proxy's own. */
export interface InboundSide {
  readonly port: number;
  serveLocal(stream: TcpStream, how: LocalOptions): void;
  /** Nothing is followed any more. */
  stop(): void;
}

/** How a server of this proxy's own is served. */
export interface LocalOptions extends Pick<InboundAcceptOptions, "listenPort" | "connections"> {
  readonly local: LocalServer;
}

/** Starts it. */
export function startInbound(parts: InboundParts): InboundSide {
  const { runtime, config, clusterNetworks, discovery, isListenedOn, listenedPorts } = parts;
  const ports = new Ports(discovery, { ...config, clusterNetworks, listenedPorts }, parts.declared);
  const listening = new Listening({ clock: runtime.clock, isListenedOn });
  const profiles = new InboundProfiles({
    ...{ discovery, clock: runtime.clock, metrics: parts.families.profiles },
    ...{ ...parts.profiles, idleMs: config.discoveryIdleMs },
  });
  const { askKernel, outboundPort, localName, access, connections, gateway, lookers } = parts;
  const shared = {
    ...{
      runtime,
      ports,
      listening,
      askKernel,
      outboundPort,
      localName,
      access,
      connections,
      gateway,
      lookers,
      profiles,
    },
    applications: new Applications(runtime, config, listening),
    ips: config.ips,
    detectTimeoutMs: config.detectTimeoutMs,
    keepaliveMs: config.acceptKeepaliveMs,
    serverHttp2: config.serverHttp2,
    inFlight: new InFlight(config.maxInFlight),
    counts: new InboundCounts(parts.families, config.authorityLabels),
  };
  const port = parts.listen(config, (stream, listenPort) => {
    setUserTimeout(stream, config.acceptUserTimeoutMs);
    acceptInbound(stream, { ...shared, listenPort });
  });
  const local = { ...shared, access: undefined, inFlight: new InFlight(LOCAL_MAX_IN_FLIGHT) };
  const serveLocal = (stream: TcpStream, how: LocalOptions): void =>
    acceptLocal(stream, { ...local, ...how });
  const stop = (): void => {
    ports.stop();
    profiles.stop();
  };
  return { port, serveLocal, stop };
}
