/** What a kubelet does for the API server: logs, and sessions inside containers. */

import type { ByteStream } from "#lib/net/byte-stream.ts";

/** Which container of which pod. */
export interface ContainerName {
  readonly namespace: string;
  readonly pod: string;
  readonly container: string;
}

/** What of a log is wanted. */
export interface LogQuery {
  readonly follow: boolean;
  readonly previous: boolean;
  readonly timestamps: boolean;
  readonly tailLines: number | undefined;
  readonly sinceSeconds: number | undefined;
  readonly limitBytes: number | undefined;
}

/** A command in a container, or the container's own process. */
export interface SessionRequest {
  /** Undefined to attach. */
  readonly command: readonly string[] | undefined;
  readonly stdin: boolean;
  readonly tty: boolean;
}

/** What a running session is told. */
export interface Session {
  /** Bytes for its standard input. False means: write no more until `onWritable`. */
  write(chunk: Uint8Array): boolean;
  /** The end of its standard input. */
  end(): void;
  resize(size: { readonly width: number; readonly height: number }): void;
  /** Its output is wanted again, after `onOutput` returned false. */
  resume(): void;
  /** The client is gone. */
  stop(): void;
}

/** What a session tells. */
export interface SessionObserver {
  /** The bytes are the observer's. False means: tell no more until `resume`. */
  onOutput(stream: "stdout" | "stderr", chunk: Uint8Array): boolean;
  /** Its standard input takes bytes again. */
  onWritable(): void;
  /** Once, at the end; an error where it could not be run. */
  onExit(result: { readonly exitCode: number } | { readonly error: string }): void;
}

/** Which port of which pod. */
export interface PodPort {
  readonly namespace: string;
  readonly pod: string;
  readonly port: number;
}

/** A request to a port of a pod, through the API. */
export interface PodRequest extends PodPort {
  readonly method: string;
  /** With its query. */
  readonly path: string;
}

/** What the pod answered. */
export interface PodResponse {
  readonly status: number;
  readonly contentType: string;
  readonly body: Uint8Array;
}

/** The node, as the API server reaches it. */
export interface NodeApi {
  /** The log in pieces; it ends when the signal aborts, or at its end where it is not followed. Rejects with a text for the user. */
  log(
    container: ContainerName,
    query: LogQuery & { readonly signal: AbortSignal },
  ): AsyncIterable<Uint8Array>;
  /** Asks a port of a pod. Rejects with a text for the user. */
  proxy(request: PodRequest): Promise<PodResponse>;
  /** Connects to a port inside a pod, from its own loopback. Rejects with a text for the user. */
  connect(to: PodPort): Promise<ByteStream>;
  /** Runs or attaches. Throws with a text for the user. */
  run(
    container: ContainerName,
    request: SessionRequest & { readonly observer: SessionObserver },
  ): Session;
}
