/** What a command is given: the terminal, the cluster, the time. Tests give their own. */

import type { KubeClient } from "#lib/k8s/client.ts";
import type { PodPort } from "#lib/k8s/port-forward.ts";
import type { ByteStream } from "#lib/net/byte-stream.ts";

/** Where a command reads and writes. */
export type Terminal = {
  /** Standard output. */
  readonly write: (text: string) => void;
  /** Standard error. */
  readonly warn: (text: string) => void;
  readonly stdin: () => Promise<string>;
  /** Whether standard output shows colours. */
  readonly colours: boolean;
  /** Shows what is waited for, on a terminal only; an empty text ends it. */
  readonly progress: (text: string) => void;
};

/** The flags that say which cluster is meant. */
export type ClusterFlags = {
  readonly kubeconfig?: string | undefined;
  readonly context?: string | undefined;
  /** Whom to act as. */
  readonly as?: string | undefined;
  readonly asGroup?: string | undefined;
};

/** A cluster, and the namespace that its context names. */
export type Cluster = {
  readonly client: KubeClient;
  readonly namespace: string;
  /** A connection to a port of a pod, through the API server. */
  readonly forward: (to: PodPort) => Promise<ByteStream>;
};

/** Everything a command needs of the world. */
export type Context = {
  readonly version: string;
  readonly terminal: Terminal;
  readonly connect: (flags: ClusterFlags) => Promise<Cluster>;
  /** Milliseconds that only grow. */
  readonly now: () => number;
  /** Milliseconds since 1970. */
  readonly wall: () => number;
  readonly sleep: (ms: number) => Promise<void>;
  /** The mesh's namespace unless a flag names another. */
  readonly linkerdNamespace: string;
};
