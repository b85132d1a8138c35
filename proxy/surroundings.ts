/** What a proxy is given by the process it runs in. */

import type { TcpStream } from "#lib/net/tcp-stream.ts";
import type { ProcessUsage } from "#lib/sys/process-usage.ts";
import type { Clock } from "#lib/time/clock.ts";
import type { AskKernel } from "./transport/original-dst.ts";

/** What the process gives to the proxy. */
export interface Surroundings {
  readonly clock: Clock;
  readonly random: () => number;
  readonly write: (line: string) => void;
  readonly variables: Readonly<Record<string, string | undefined>>;
  readonly version: string;
  /** The address that a REDIRECT rule replaced; undefined where there is no such rule. */
  readonly askKernel: AskKernel<TcpStream>;
  /** Whether somebody listens on a port of this pod; true where that cannot be told. */
  readonly isListenedOn: (port: number) => boolean;
  /** All ports of this pod that somebody listens on, by one question; undefined where that cannot be told. */
  readonly listenedPorts: () => ReadonlySet<number> | undefined;
  /** Rejects where TLS of this runtime cannot be trusted; `checkTlsContract` where not given. */
  readonly checkTls?: (clock: Clock) => Promise<void>;
  readonly readFile: (path: string) => Promise<Uint8Array>;
  readonly usage: () => ProcessUsage;
  /** Has the process tell of what nobody caught, instead of ending. */
  readonly onUncaught?: (tell: (error: Error) => void) => void;
}
