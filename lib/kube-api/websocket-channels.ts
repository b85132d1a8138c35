/** Channels over a WebSocket: each message begins with the number of its channel. */

import {
  acceptKey,
  CloseCode,
  encodeClose,
  encodeFrame,
  Opcode,
  WebSocketError,
  WebSocketReader,
} from "#lib/http/websocket.ts";
import type { SimpleRequest, SimpleTunnel } from "#lib/http-io/simple.ts";
import { ApiError } from "./api-error.ts";
import type { ChannelObserver, Channels } from "./channels.ts";

/** A longer message ends the connection; clients send 32 KiB at most. */
const MESSAGE_LIMIT_BYTES = 4 * 1024 * 1024;
/** v5: the client sends no more on the channel that follows. */
const CLOSE_SIGNAL = 255;

/** Whether the client asks for a WebSocket. */
export function isWebSocket(request: SimpleRequest): boolean {
  return request.upgrade && /^websocket$/i.test(request.head.headers.get("upgrade") ?? "");
}

/** The first protocol of the client's that is served. Throws BadRequest where none is. */
export function chooseProtocol(request: SimpleRequest, served: readonly string[]): string {
  const { headers } = request.head;
  const offered = headers
    .getAll("sec-websocket-protocol")
    .flatMap((value) => value.split(","))
    .map((each) => each.trim());
  const chosen = offered.find((each) => served.includes(each));
  const version = headers.get("sec-websocket-version");
  if (version !== "13" || !headers.has("sec-websocket-key"))
    throw new ApiError("BadRequest", "the request is no WebSocket handshake of version 13");
  if (chosen !== undefined) return chosen;
  throw new ApiError(
    "BadRequest",
    `unable to negotiate a protocol: the client offers [${offered.join(" ")}], the server has [${served.join(" ")}]`,
  );
}

/** Messages to and from a client. */
export interface MessageObserver {
  onMessage(bytes: Uint8Array): void;
  onDrain(): void;
  /** Called once. */
  onClose(): void;
}

/** The server's end of a WebSocket. Make it with `acceptWebSocket`. */
export class ServerWebSocket {
  readonly #tunnel: SimpleTunnel;
  readonly #observer: MessageObserver;
  #open = true;

  constructor(tunnel: SimpleTunnel, observer: MessageObserver) {
    this.#tunnel = tunnel;
    this.#observer = observer;
    const reader = new WebSocketReader(
      {
        onMessage: (bytes) => {
          if (this.#open) observer.onMessage(bytes);
        },
        onPing: (payload) => void this.#write(Opcode.pong, payload),
        onPong: () => undefined,
        onClose: (code) => this.#leave(code === CloseCode.none ? CloseCode.normal : code, ""),
      },
      { masked: true, messageBytes: MESSAGE_LIMIT_BYTES },
    );
    tunnel.onData = (chunk) => {
      if (!this.#open) return;
      try {
        reader.take(chunk);
      } catch (error) {
        if (!(error instanceof WebSocketError)) throw error;
        this.#leave(error.code, error.message);
      }
    };
    tunnel.onDrain = () => {
      if (this.#open) observer.onDrain();
    };
    tunnel.onEnd = () => this.#leave(CloseCode.goingAway, "");
  }

  /** False means: send no more until `onDrain`. */
  send(payload: Uint8Array): boolean {
    return this.#write(Opcode.binary, payload);
  }

  pause(): void {
    this.#tunnel.pause();
  }

  resume(): void {
    this.#tunnel.resume();
  }

  /** Closes from this end; the observer hears nothing more. */
  close(code: number = CloseCode.normal, reason: string = ""): void {
    if (!this.#open) return;
    this.#write(Opcode.close, encodeClose(code, reason));
    this.#open = false;
    this.#tunnel.end();
    // What the client still sends is read and dropped, so that it can end too.
    this.#tunnel.resume();
  }

  #leave(code: number, reason: string): void {
    if (!this.#open) return;
    this.close(code, reason);
    this.#observer.onClose();
  }

  #write(opcode: number, payload: Uint8Array): boolean {
    return !this.#open || this.#tunnel.write(encodeFrame({ opcode, payload }));
  }
}

/** Answers the handshake; `protocol` comes from `chooseProtocol`. */
export function acceptWebSocket(
  request: SimpleRequest,
  protocol: string,
  observer: MessageObserver,
): ServerWebSocket {
  const tunnel = request.tunnel({
    upgrade: "websocket",
    "sec-websocket-accept": acceptKey(request.head.headers.get("sec-websocket-key") ?? ""),
    "sec-websocket-protocol": protocol,
  });
  return new ServerWebSocket(tunnel, observer);
}

/** Answers the handshake; then bytes go over channels. */
export function acceptChannels(
  request: SimpleRequest,
  protocol: string,
  observer: ChannelObserver,
): Channels {
  const socket = acceptWebSocket(request, protocol, {
    onMessage: (message) => {
      const [channel = 0, ended] = message;
      if (message.length === 0) return;
      if (channel === CLOSE_SIGNAL && ended !== undefined) observer.onEnd(ended);
      else observer.onData(channel, message.subarray(1));
    },
    onDrain: () => observer.onDrain(),
    onClose: () => observer.onClose(),
  });
  return {
    send: (channel, bytes) => {
      const message = new Uint8Array(bytes.length + 1);
      message[0] = channel;
      message.set(bytes, 1);
      return socket.send(message);
    },
    pause: () => socket.pause(),
    resume: () => socket.resume(),
    close: () => socket.close(),
  };
}
