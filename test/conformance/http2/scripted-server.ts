/** A server whose every byte a case writes, and our client in front of it, over a socket. */

import { createServer, type Server, type Socket } from "node:net";
import { HpackDecoder } from "#lib/hpack/decoder.ts";
import { HpackEncoder } from "#lib/hpack/encoder.ts";
import { HeaderList } from "#lib/http/headers.ts";
import type { RequestHead } from "#lib/http/message.ts";
import type { ClientConnection, ClientStream, ResponseHandler } from "#lib/http-io/exchange.ts";
import { connectHttp2 } from "#lib/http-io/http2-client.ts";
import { Flag, FrameType, PREFACE } from "#lib/http2/frame.ts";
import { FrameReader } from "#lib/http2/frame-reader.ts";
import type { Http2Options } from "#lib/http2/http2-options.ts";
import { connectTcp } from "#lib/net/connect.ts";
import { systemClock } from "#lib/sys/system-clock.ts";
import { frame, GET, type Http2Sent } from "../../fake/http2-rig.ts";

type Fields = readonly (readonly [name: string, value: string])[];

/** A header block; what it puts into the table nothing refers to. */
export function block(...fields: Fields): Buffer {
  const encoder = new HpackEncoder();
  encoder.begin();
  for (const [name, value] of fields) encoder.field(name, value);
  return Buffer.from(encoder.bytes.subarray(0, encoder.length));
}

/** A whole HEADERS frame. */
export function headers(streamId: number, flags: number, ...fields: Fields): Buffer {
  return frame(FrameType.HEADERS, flags | Flag.END_HEADERS, streamId, block(...fields));
}

/** Both ends of one connection. */
export class ScriptedConnection implements ResponseHandler {
  /** Frames that the client sent. */
  readonly frames: Http2Sent[] = [];
  /** What the client was told of its responses, in order. */
  readonly told: string[] = [];
  /** Whether the client has ended the connection. */
  ended = false;
  preface = "";
  readonly #client: Promise<ClientConnection>;
  readonly #reader = new FrameReader("client");
  readonly #decoder = new HpackDecoder({ listLimitBytes: 1 << 20 });
  readonly #listener: Server;
  #socket: Socket | undefined;

  constructor(options: Partial<Http2Options>) {
    this.#listener = createServer({ allowHalfOpen: true }, (socket) => this.#accept(socket));
    this.#client = this.#connect(options);
  }

  /** Writes bytes to the client, once there is one. */
  async say(...bytes: Buffer[]): Promise<void> {
    await this.until(() => this.#socket !== undefined);
    this.#socket?.write(Buffer.concat(bytes));
  }

  /** Sends a request, of which the body stays open where `end` is false. */
  async request(head: Partial<RequestHead> = {}, end = true): Promise<ClientStream> {
    const client = await this.#client;
    return client.send({ ...GET, headers: new HeaderList(), ...head }, end, this);
  }

  async isAvailable(): Promise<boolean> {
    return (await this.#client).available;
  }

  sent(type: number, streamId?: number): Http2Sent[] {
    return this.frames.filter(
      (each) => each.type === type && (streamId === undefined || each.streamId === streamId),
    );
  }

  /** The fields of a HEADERS frame that was sent; to be asked for once, in order. */
  fieldsOf({ payload }: Http2Sent): string[] {
    const fields: string[] = [];
    this.#decoder.decode(payload, { onField: (name, value) => fields.push(`${name}: ${value}`) });
    return fields;
  }

  /** Waits for something, at most a second; says whether it came. */
  async until(holds: () => boolean): Promise<boolean> {
    const deadline = performance.now() + 1000;
    while (!holds()) {
      if (performance.now() > deadline) return false;
      await new Promise<void>((resolve) => setTimeout(resolve, 1));
    }
    return true;
  }

  /** Whether the client still answers; all that it had to say before is here then. */
  async isAlive(): Promise<boolean> {
    const before = this.frames.length;
    await this.say(frame(FrameType.PING, 0, 0, Buffer.from("alive!!!")));
    return await this.until(() =>
      this.frames.slice(before).some(({ type, flags }) => type === FrameType.PING && flags === 1),
    );
  }

  async stop(): Promise<void> {
    (await this.#client.catch(() => undefined))?.destroy();
    this.#socket?.destroy();
    this.#listener.close();
  }

  async #connect(options: Partial<Http2Options>): Promise<ClientConnection> {
    await new Promise<void>((resolve) => this.#listener.listen(0, "127.0.0.1", resolve));
    const address = this.#listener.address();
    if (address === null || typeof address === "string") throw new Error("Cannot listen: no port");
    const to = { ip: "127.0.0.1", port: address.port, timeoutMs: 1000, clock: systemClock };
    return await new Promise((resolve, reject) =>
      connectTcp(
        { ...to, onFault: reject },
        {
          onConnected: (stream) =>
            resolve(
              connectHttp2(
                stream,
                { onAvailable: () => undefined, onClosed: () => undefined },
                { ...options, now: () => performance.now() },
              ),
            ),
          onFailed: reject,
        },
      ),
    );
  }

  #accept(socket: Socket): void {
    this.#socket = socket;
    socket.on("error", () => socket.destroy());
    socket.on("end", () => {
      this.ended = true;
    });
    socket.on("close", () => {
      this.ended = true;
    });
    socket.on("data", (chunk: Buffer) => this.#take(chunk));
  }

  #take(chunk: Buffer): void {
    const missing = PREFACE.length - this.preface.length;
    this.preface += chunk.subarray(0, missing).toString("latin1");
    if (chunk.length <= missing) return;
    this.#reader.receive(chunk.subarray(missing), {
      onFrame: (read) => {
        const { type, flags, streamId } = read;
        this.frames.push({ type, flags, streamId, payload: Buffer.from(read.view()) });
      },
    });
  }

  onResponseInformational({ status }: { readonly status: number }): void {
    this.told.push(`${status}`);
  }

  onResponseHead({ status }: { readonly status: number }, end: boolean): void {
    this.told.push(`${status}${end ? " end" : ""}`);
  }

  onResponseBytes(bytes: Buffer, from: number, to: number): void {
    const chunk = bytes.subarray(from, to);
    this.told.push(`data ${chunk.length}`);
  }

  onResponseEnd(trailers: HeaderList | undefined): void {
    this.told.push(`end${trailers === undefined ? "" : ` ${trailers.names.join()}`}`);
  }

  onResponseReset({
    reason,
    unprocessed,
  }: Parameters<ResponseHandler["onResponseReset"]>[0]): void {
    this.told.push(`reset ${reason}${unprocessed ? " unprocessed" : ""}`);
  }

  onRequestWritable(): void {
    this.told.push("writable");
  }
}
