/** What every role of the controllers is started with, and how it is stopped. */

import type { KubeClient } from "#lib/k8s/client.ts";
import type { Logger } from "#lib/log/logger.ts";
import type { Clock } from "#lib/time/clock.ts";

/** Where a server listens. */
export type ListenAddr = { readonly ip: string; readonly port: number };

/** Settings that all roles have. */
export type RoleArgs = {
  readonly addr: ListenAddr;
  readonly adminAddr: ListenAddr;
  readonly controllerNamespace: string;
  readonly trustDomain: string;
};

/** What a role has around it. */
export type Surroundings = {
  readonly client: KubeClient;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Logger;
  /** How much of its memory the process uses: 0 to 1, and 0 where it has no limit. */
  readonly memoryShare: () => number;
  /** Errors that nobody waits for: of sockets, and of handlers. */
  readonly onFault: (error: Error) => void;
};

/** A role that runs. */
export interface RunningRole {
  /** Settles when the role serves; rejects where it cannot. */
  readonly ready: Promise<void>;
  readonly adminPort: number;
  /** Takes no more calls, ends the streams, and settles when the connections are gone. */
  stop(): Promise<void>;
}
