/** A connection to a port of a pod, through the API server: port-forward over WebSocket. */

import type { ByteStream, ByteStreamHandler } from "#lib/net/byte-stream.ts";
import { type ClusterAccess, tlsOf, whoCalls } from "./client.ts";
import { KubeError } from "./kube-error.ts";
import { PODS, resourcePath } from "./resource.ts";

/** Data on channel 0, errors on channel 1; the first frame of each is the port. */
const PROTOCOL = "v4.channel.k8s.io";
const DATA = 0;
const ERROR = 1;
const PORT_BYTES = 2;

/** Which port of which pod. */
export type PodPort = { readonly namespace: string; readonly pod: string; readonly port: number };

type Options = {
  readonly protocols: readonly string[];
  readonly headers: Readonly<Record<string, string>>;
  readonly tls: Readonly<Record<string, unknown>>;
};

/** Bun's WebSocket takes headers and TLS, which the standard's does not. */
const open = WebSocket as unknown as new (url: string, options: Options) => WebSocket;

/** Opens a connection. Throws KubeError where the API server or the pod refuses. */
export async function forwardPort(access: ClusterAccess, to: PodPort): Promise<ByteStream> {
  const { namespace, pod, port } = to;
  const path = resourcePath(PODS, { namespace, name: pod, subresource: "portforward" });
  const socket = new open(`${access.server.replace(/^http/, "ws")}${path}?ports=${port}`, {
    protocols: [PROTOCOL],
    headers: await whoCalls(access),
    tls: await tlsOf(access),
  });
  socket.binaryType = "arraybuffer";
  const stream = new ForwardedStream(socket, to);
  await new Promise<void>((resolve, reject) => {
    socket.addEventListener("open", () => resolve());
    socket.addEventListener("close", ({ code, reason }) => {
      const problem = reason === "" ? `the connection closed with code ${code}` : reason;
      const message = `Cannot reach port ${port} of pod ${namespace}/${pod}: ${problem}`;
      reject(new KubeError("unreachable", { message }));
    });
  });
  return stream;
}

/** Until somebody listens, what comes is kept. */
const NOBODY: ByteStreamHandler = {
  onData: () => undefined,
  onEnd: () => undefined,
  onDrain: () => undefined,
  onClose: () => undefined,
};

class ForwardedStream implements ByteStream {
  #handler: ByteStreamHandler = NOBODY;
  #early: Uint8Array[] = [];
  readonly remoteAddress: string;
  readonly remotePort: number;
  readonly localAddress = "";
  readonly localPort = 0;
  readonly #socket: WebSocket;
  readonly #to: PodPort;
  readonly #begun = new Set<number>();
  #error: Error | undefined;

  constructor(socket: WebSocket, to: PodPort) {
    this.#socket = socket;
    this.#to = to;
    this.remoteAddress = `${to.namespace}/${to.pod}`;
    this.remotePort = to.port;
    socket.addEventListener("message", ({ data }) => {
      if (data instanceof ArrayBuffer) this.#receive(new Uint8Array(data));
    });
    socket.addEventListener("close", () => this.handler.onClose(this.#error));
  }

  get handler(): ByteStreamHandler {
    return this.#handler;
  }

  set handler(handler: ByteStreamHandler) {
    this.#handler = handler;
    const early = this.#early;
    this.#early = [];
    if (early.length > 0)
      queueMicrotask(() => {
        for (const chunk of early) this.#handler.onData(chunk);
      });
  }

  get queuedBytes(): number {
    return this.#socket.bufferedAmount;
  }

  write(bytes: Uint8Array, from = 0, to: number = bytes.length): boolean {
    const frame = new Uint8Array(to - from + 1);
    frame[0] = DATA;
    frame.set(bytes.subarray(from, to), 1);
    this.#socket.send(frame);
    return true;
  }

  /** The protocol has no half-close. */
  end(): void {
    this.#socket.close();
  }

  destroy(): void {
    this.#socket.close();
  }

  /** WebSockets have no back-pressure of the reader: what comes is small. */
  pause(): void {}

  resume(): void {}

  #receive(frame: Uint8Array): void {
    const channel = frame[0] ?? DATA;
    const first = !this.#begun.has(channel);
    this.#begun.add(channel);
    const bytes = frame.subarray(first ? 1 + PORT_BYTES : 1);
    if (bytes.length === 0) return;
    if (channel === DATA) this.#deliver(bytes);
    else if (channel === ERROR) this.#fail(new TextDecoder().decode(bytes));
  }

  #deliver(bytes: Uint8Array): void {
    if (this.#handler === NOBODY) this.#early.push(bytes);
    else this.#handler.onData(bytes);
  }

  #fail(problem: string): void {
    const { namespace, pod, port } = this.#to;
    this.#error = new Error(`Cannot reach port ${port} of pod ${namespace}/${pod}: ${problem}`);
    this.#socket.close();
  }
}
