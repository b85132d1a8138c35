/** Starts the side of the application's own calls: what it shares, and its listeners. */

import type { NameSuffix } from "#lib/addr/suffix.ts";
import type { ServerConnection } from "#lib/http-io/exchange.ts";
import type { TcpStream } from "#lib/net/tcp-stream.ts";
import { InFlight } from "../http/in-flight.ts";
import { defaultMetadata } from "../policy/default-policy.ts";
import type { ClientDiscovery } from "../policy/discover.ts";
import { resourceLabels } from "../telemetry/labels.ts";
import type { OutboundFamilies } from "../telemetry/outbound-families.ts";
import type { Lookers } from "../tracing/lookers.ts";
import type { DirectionConfig } from "../transport/direction-config.ts";
import type { AskKernel } from "../transport/original-dst.ts";
import type { Runtime } from "../transport/runtime.ts";
import { setUserTimeout } from "../transport/user-timeout.ts";
import { acceptOutbound } from "./accept.ts";
import { type DestinationOptions, Destinations } from "./discover.ts";
import { OutboundDirection } from "./stack.ts";

/** What it is made of. */
export interface OutboundParts {
  readonly runtime: Runtime;
  readonly config: DestinationOptions["config"];
  readonly discovery: ClientDiscovery;
  readonly localIps: ReadonlySet<string>;
  readonly families: OutboundFamilies;
  readonly informational: boolean;
  readonly lookers: Lookers;
  /** Names that requests may lead to, where they say where they go (P27). */
  readonly ingress: readonly NameSuffix[] | undefined;
  readonly askKernel: AskKernel<TcpStream>;
  readonly connections: Set<ServerConnection>;
  readonly onCaptured: (stream: TcpStream) => void;
  /** Opens the listeners; gives the port. */
  listen(config: DirectionConfig, accept: (stream: TcpStream, port: number) => void): number;
}

/** What runs: the port that it listens on, and what others may send requests by. */
export interface OutboundSide {
  readonly port: number;
  readonly destinations: Destinations;
  readonly direction: OutboundDirection;
}

/** Starts it. */
export function startOutbound(parts: OutboundParts): OutboundSide {
  const { runtime, config, askKernel, connections, onCaptured } = parts;
  const destinations = new Destinations(parts);
  const direction = new OutboundDirection(runtime, {
    informational: parts.informational,
    inFlight: new InFlight(config.maxInFlight),
    lookers: parts.lookers,
  });
  const ingress = parts.ingress && {
    suffixes: parts.ingress,
    detectTimeoutMs: config.detectTimeoutMs,
    detections: parts.families.detect.of(resourceLabels("parent", defaultMetadata("ingress"))),
  };
  const { tracer } = parts.lookers;
  const shared = {
    tracer,
    ingress,
    runtime,
    destinations,
    direction,
    askKernel,
    connections,
    onCaptured,
  };
  const { acceptKeepaliveMs: keepaliveMs, serverHttp2 } = config;
  const port = parts.listen(config, (stream, listenPort) => {
    setUserTimeout(stream, config.acceptUserTimeoutMs);
    acceptOutbound(stream, { ...shared, listenPort, keepaliveMs, serverHttp2 });
  });
  return { port, destinations, direction };
}
