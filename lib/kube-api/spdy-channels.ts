/** Channels over SPDY, as kubectl before 1.31 has them: a stream each, which the client opens. */

import type { SimpleRequest, SimpleTunnel } from "#lib/http-io/simple.ts";
import { ApiError } from "./api-error.ts";
import type { ChannelObserver, Channels } from "./channels.ts";
import { SpdyConnection, type SpdyStream } from "./spdy-connection.ts";

/** What streams are called, each at the number of its channel. */
const TYPES = ["stdin", "stdout", "stderr", "error", "resize"];

/** Answers an upgrade to SPDY/3.1. Throws BadRequest where the request is none, or for another protocol. */
export function acceptSpdy(request: SimpleRequest, protocol: string): SimpleTunnel {
  const { headers } = request.head;
  if (!request.upgrade || headers.get("upgrade")?.toLowerCase() !== "spdy/3.1")
    throw new ApiError("BadRequest", "Upgrade request required");
  const offered = headers
    .getAll("x-stream-protocol-version")
    .flatMap((value) => value.split(","))
    .map((each) => each.trim());
  if (!offered.includes(protocol))
    throw new ApiError(
      "BadRequest",
      `unable to negotiate a protocol: the client offers [${offered.join(" ")}], the server has [${protocol}]`,
    );
  return request.tunnel({ upgrade: "SPDY/3.1", "x-stream-protocol-version": protocol });
}

/** What is told of the channels of a client. */
export interface SpdyChannelObserver extends ChannelObserver {
  /** All streams that are wanted are there. */
  onReady(channels: Channels): void;
}

/** Answers an upgrade to SPDY/3.1; `wanted` are the channels that the client will open. */
export function acceptSpdyChannels(
  request: SimpleRequest,
  how: { readonly protocol: string; readonly wanted: readonly number[] },
  observer: SpdyChannelObserver,
): void {
  const tunnel = acceptSpdy(request, how.protocol);
  const channels = new SpdyChannels(tunnel, { wanted: how.wanted, observer });
  tunnel.onData = (chunk) => channels.connection.take(chunk);
  tunnel.onDrain = () => observer.onDrain();
  tunnel.onEnd = () => channels.leave();
}

class SpdyChannels implements Channels {
  readonly connection: SpdyConnection;
  readonly #tunnel: SimpleTunnel;
  readonly #wanted: readonly number[];
  readonly #observer: SpdyChannelObserver;
  readonly #streams = new Map<number, SpdyStream>();
  #open = true;

  constructor(
    tunnel: SimpleTunnel,
    { wanted, observer }: { wanted: readonly number[]; observer: SpdyChannelObserver },
  ) {
    this.#tunnel = tunnel;
    this.#wanted = wanted;
    this.#observer = observer;
    const transport = {
      send: (bytes: Uint8Array) => tunnel.write(bytes),
      close: () => this.leave(),
    };
    this.connection = new SpdyConnection(transport, (stream) => this.#opened(stream));
  }

  send(channel: number, bytes: Uint8Array): boolean {
    return this.#streams.get(channel)?.send(bytes) ?? true;
  }

  pause(): void {
    this.#tunnel.pause();
  }

  resume(): void {
    this.#tunnel.resume();
  }

  close(): void {
    if (!this.#open) return;
    this.#open = false;
    for (const stream of this.#streams.values()) stream.end();
    this.#tunnel.end();
    // What the client still sends is read and dropped, so that it can end too.
    this.#tunnel.resume();
  }

  /** The client is gone, or has broken the protocol. */
  leave(): void {
    if (!this.#open) return;
    this.#open = false;
    this.#tunnel.end();
    this.#observer.onClose();
  }

  #opened(stream: SpdyStream): void {
    const channel = TYPES.indexOf(stream.fields.get("streamtype") ?? "");
    if (!this.#wanted.includes(channel) || this.#streams.has(channel)) {
      stream.reset();
      return;
    }
    this.#streams.set(channel, stream);
    stream.observer = {
      onData: (bytes) => {
        if (this.#open) this.#observer.onData(channel, bytes);
      },
      onEnd: () => {
        if (this.#open) this.#observer.onEnd(channel);
      },
      onReset: () => undefined,
    };
    if (this.#streams.size === this.#wanted.length) this.#observer.onReady(this);
  }
}
