/** A WebSocket client of channels, as kubectl is one. */

import type { FakeKubeApi } from "./kube-api.ts";

const open = WebSocket as unknown as new (
  url: string,
  options: Readonly<Record<string, unknown>>,
) => WebSocket;

/** Remembers messages by channel. */
export class ChannelClient {
  readonly socket: WebSocket;
  /** Settles with code and reason. */
  readonly closed: Promise<string>;
  readonly #channels = new Map<number, Buffer>();
  #onMessage: () => void = () => undefined;

  private constructor(socket: WebSocket) {
    this.socket = socket;
    socket.binaryType = "arraybuffer";
    socket.addEventListener("message", ({ data }) => {
      const [channel = 0, ...bytes] = new Uint8Array(data as ArrayBuffer);
      const before = this.#channels.get(channel) ?? Buffer.alloc(0);
      this.#channels.set(channel, Buffer.concat([before, Uint8Array.from(bytes)]));
      this.#onMessage();
    });
    const { promise, resolve } = Promise.withResolvers<string>();
    socket.addEventListener("close", ({ code, reason }) => {
      resolve(`${code} ${reason}`);
      this.#onMessage();
    });
    this.closed = promise;
  }

  /** Opens it, as the administrator. Rejects where it is refused. */
  static async open(fake: FakeKubeApi, path: string, protocols: string[]): Promise<ChannelClient> {
    const socket = new open(`${fake.url.replace("https", "wss")}${path}`, {
      protocols,
      headers: { authorization: "Bearer admin" },
      tls: { ca: fake.authority.anchorsPem },
    });
    const client = new ChannelClient(socket);
    const opened = new Promise<void>((resolve) => socket.addEventListener("open", () => resolve()));
    const refused = client.closed.then((told) => Promise.reject(new Error(told)));
    await Promise.race([opened, refused]);
    refused.catch(() => undefined);
    return client;
  }

  send(channel: number, data: string | Uint8Array): void {
    const bytes = Buffer.from(data as Uint8Array);
    this.socket.send(Buffer.concat([Uint8Array.of(channel), bytes]));
  }

  /** All of a channel so far. */
  of(channel: number): Buffer {
    return this.#channels.get(channel) ?? Buffer.alloc(0);
  }

  /** Settles once a channel says this, or the connection is closed. */
  async until(channel: number, what: (bytes: Buffer) => boolean): Promise<Buffer> {
    while (!what(this.of(channel)) && this.socket.readyState === WebSocket.OPEN) {
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#onMessage = resolve;
      await promise;
    }
    return this.of(channel);
  }
}
