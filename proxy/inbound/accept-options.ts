/** What an inbound connection is accepted with. */

import type { ServerConnection, ServerStream } from "#lib/http-io/exchange.ts";
import type { TcpStream } from "#lib/net/tcp-stream.ts";
import type { InFlight } from "../http/in-flight.ts";
import type { AccessEntry } from "../telemetry/access-log.ts";
import type { Lookers } from "../tracing/lookers.ts";
import type { DirectionConfig } from "../transport/direction-config.ts";
import type { AskKernel } from "../transport/original-dst.ts";
import type { Runtime } from "../transport/runtime.ts";
import type { InboundCounts } from "./counts.ts";
import type { Applications } from "./forward.ts";
import type { Gateway } from "./gateway.ts";
import type { Listening } from "./listening.ts";
import type { Ports } from "./ports.ts";
import type { InboundProfiles } from "./profiles.ts";

/** Takes a request of a client, by its address. */
export type LocalServer = (request: ServerStream, clientIp: string) => void;

/** What accepting needs. */
export interface InboundAcceptOptions {
  readonly runtime: Runtime;
  readonly ports: Ports;
  readonly applications: Applications;
  readonly listening: Listening;
  readonly askKernel: AskKernel<TcpStream>;
  readonly listenPort: number;
  readonly outboundPort: number;
  readonly ips: ReadonlySet<string>;
  /** Our own identity, as clients name it in SNI. */
  readonly localName: string;
  readonly detectTimeoutMs: number;
  readonly keepaliveMs: number | undefined;
  readonly serverHttp2: DirectionConfig["serverHttp2"];
  readonly connections: Set<ServerConnection>;
  readonly inFlight: InFlight;
  readonly gateway: Gateway;
  readonly lookers: Lookers;
  /** Takes requests in place of an application: a server of this proxy's own. */
  readonly local?: LocalServer;
  readonly counts: InboundCounts;
  readonly profiles: InboundProfiles;
  /** Told of each answer, where there is an access log. */
  readonly access: ((entry: AccessEntry) => void) | undefined;
}
