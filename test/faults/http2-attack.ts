/** Both ends of HTTP/2 attacks on real proxies: a peer that writes its frames by hand, and an application that counts. */

import { expect } from "bun:test";
import { connect, createServer, type Server, type Socket } from "node:net";
import { HpackDecoder } from "#lib/hpack/decoder.ts";
import { Flag, type Frame, FrameType, PREFACE } from "#lib/http2/frame.ts";
import { FrameReader } from "#lib/http2/frame-reader.ts";
import type { Clock } from "#lib/time/clock.ts";
import { type Door, Http2Bed } from "../conformance/http2/bed.ts";
import { headers } from "../conformance/http2/scripted-server.ts";
import { frame } from "../fake/http2-rig.ts";
import { until } from "../fake/mesh.ts";
import { request } from "./http2-bytes.ts";

const { HEADERS, RST_STREAM, SETTINGS, PING, GOAWAY } = FrameType;

/** One end of a connection whose frames a test writes. It answers SETTINGS and PING by itself. */
export class RawPeer {
  readonly socket: Socket;
  /** What came, payloads copied. */
  readonly frames: { type: number; flags: number; streamId: number; payload: Buffer }[] = [];
  readonly heads: { streamId: number; fields: Map<string, string>; end: boolean }[] = [];
  ended = false;
  /** Called for each frame, after it was noted. */
  onFrame: (frame: Frame) => void = () => undefined;
  readonly #reader: FrameReader;
  readonly #decoder = new HpackDecoder({ listLimitBytes: 1 << 20 });

  constructor(socket: Socket, role: "client" | "server") {
    this.socket = socket;
    this.#reader = new FrameReader(role);
    socket.setNoDelay(true);
    socket.on("data", (chunk: Buffer) =>
      this.#reader.receive(chunk, { onFrame: (read) => this.#take(read) }),
    );
    for (const event of ["end", "close"]) socket.on(event, () => this.#end());
    socket.on("error", () => socket.destroy());
  }

  /** A client of a proxy, which has greeted. */
  static dial(port: number, greeting: Buffer = frame(SETTINGS, 0, 0)): RawPeer {
    const peer = new RawPeer(connect({ port, host: "127.0.0.1" }), "client");
    peer.send(PREFACE, greeting);
    return peer;
  }

  send(...bytes: Buffer[]): void {
    if (!this.socket.destroyed) this.socket.write(Buffer.concat(bytes));
  }

  /** Waits for something, at most 5 seconds. */
  async hears(holds: () => boolean, what: string): Promise<void> {
    await until(holds, () => `${what}; last came ${JSON.stringify(this.frames.slice(-3))}`);
  }

  /** Waits for the end of the connection, which must have been told with this code. */
  async endsWith(code: number): Promise<void> {
    await this.hears(() => this.ended, "the connection does not end");
    expect(this.codeOf(GOAWAY)).toBe(code);
  }

  /** Waits for RST_STREAM of a stream, which must have this code; the connection goes on. */
  async isReset(streamId: number, code: number): Promise<void> {
    await this.hears(
      () => this.codeOf(RST_STREAM, streamId) !== undefined || this.ended,
      "no reset",
    );
    expect(this.codeOf(RST_STREAM, streamId)).toBe(code);
    expect(this.ended).toBe(false);
  }

  /** Waits for a response, and gives its status. */
  async statusOf(streamId: number): Promise<string | undefined> {
    const head = () => this.heads.find((each) => each.streamId === streamId);
    await this.hears(() => head() !== undefined || this.ended, `no response ${streamId}`);
    return head()?.fields.get(":status");
  }

  /** The code of the last frame of this type, for a stream where one is named. */
  codeOf(type: number, streamId = 0): number | undefined {
    const found = this.frames.findLast((each) => each.type === type && each.streamId === streamId);
    return found?.payload.readUInt32BE(type === GOAWAY ? 4 : 0);
  }

  count(type: number): number {
    return this.frames.filter((each) => each.type === type).length;
  }

  close(): void {
    this.socket.destroy();
  }

  #end(): void {
    this.ended = true;
    this.socket.end();
  }

  #take(read: Frame): void {
    const { type, flags, streamId } = read;
    this.frames.push({ type, flags, streamId, payload: Buffer.from(read.view()) });
    if (type === SETTINGS && flags === 0) this.send(frame(SETTINGS, Flag.ACK, 0));
    if (type === PING && flags === 0) this.send(frame(PING, Flag.ACK, 0, read.view()));
    if (type === HEADERS) {
      const fields = new Map<string, string>();
      this.#decoder.decode(read.view(), { onField: (name, value) => fields.set(name, value) });
      this.heads.push({ streamId, fields, end: (flags & Flag.END_STREAM) !== 0 });
    }
    this.onFrame(read);
  }
}

/** An application in HTTP/2 whose connections are raw. `/other` is answered at once, the rest as a test says. */
export class RawApp {
  readonly peers: RawPeer[] = [];
  /** Requests that nobody has ended, by connection and stream. */
  readonly open: Set<string> = new Set();
  /** Paths in the order in which they came. */
  readonly paths: string[] = [];
  greeting: Buffer = frame(SETTINGS, 0, 0);
  onRequest: (peer: RawPeer, streamId: number) => void = () => undefined;
  /** Where it listens. */
  port = 0;
  readonly #server: Server;

  constructor() {
    this.#server = createServer((socket) => this.#accept(socket));
  }

  async listen(): Promise<number> {
    await new Promise<void>((resolve) => this.#server.listen(0, "127.0.0.1", resolve));
    const address = this.#server.address();
    this.port = address !== null && typeof address === "object" ? address.port : 0;
    return this.port;
  }

  /** How many requests came that were not a bystander's. */
  get arrivals(): number {
    return this.paths.filter((path) => path !== "/other").length;
  }

  /** Answers a request; its last frame ends the stream. */
  answer(peer: RawPeer, streamId: number, ...bytes: Buffer[]): void {
    this.open.delete(`${this.peers.indexOf(peer) + 1}/${streamId}`);
    peer.send(...bytes);
  }

  /** Forgets what a test did. */
  reset(): void {
    this.paths.length = 0;
    this.onRequest = () => undefined;
    this.greeting = frame(SETTINGS, 0, 0);
    for (const peer of this.peers.splice(0)) peer.close();
    this.open.clear();
  }

  stop(): void {
    this.reset();
    this.#server.close();
  }

  #accept(socket: Socket): void {
    const peer = new RawPeer(socket, "server");
    const number = this.peers.push(peer);
    peer.send(this.greeting);
    socket.on("close", () => {
      for (const key of this.open) if (key.startsWith(`${number}/`)) this.open.delete(key);
    });
    peer.onFrame = ({ type, streamId }) => {
      if (type === RST_STREAM) this.open.delete(`${number}/${streamId}`);
      if (type === HEADERS) this.#serve(peer, { number, streamId });
    };
  }

  #serve(
    peer: RawPeer,
    { number, streamId }: { readonly number: number; readonly streamId: number },
  ): void {
    const fields = peer.heads.at(-1)?.fields;
    if (fields?.has(":method") !== true) return;
    const path = fields.get(":path") ?? "";
    this.paths.push(path);
    if (path === "/other") {
      peer.send(headers(streamId, Flag.END_STREAM, [":status", "200"]));
      return;
    }
    this.open.add(`${number}/${streamId}`);
    this.onRequest(peer, streamId);
  }
}

/** The proxies with a raw application behind them. */
export class AttackBed {
  readonly app: RawApp = new RawApp();
  readonly bed: Http2Bed;

  constructor(clock?: Clock) {
    this.bed = new Http2Bed(clock);
  }

  async start(): Promise<void> {
    await this.bed.start(await this.app.listen());
    // What comes before its port's policy was heard is judged by the default one, which detects.
    for (const door of ["inbound", "outbound"] as const) {
      const first = RawPeer.dial(this.bed.port(door));
      first.send(request(1, Flag.END_STREAM, "/other"));
      expect(await first.statusOf(1)).toBe("200");
      first.close();
    }
    this.app.reset();
  }

  async stop(): Promise<void> {
    this.app.stop();
    await this.bed.stop();
  }

  /**
   * Attacks a proxy while another connection has requests before, meanwhile and afterwards, all answered. At the end
   * nothing of the attack is left at the application.
   */
  async attack(
    act: (peer: RawPeer, door: Door) => Promise<void>,
    how: { greeting?: Buffer; doors?: readonly Door[] } = {},
  ): Promise<void> {
    for (const door of how.doors ?? (["inbound", "outbound"] as const)) {
      // What a test before asked of the application without an attack.
      this.app.paths.length = 0;
      const other = RawPeer.dial(this.bed.port(door));
      const ask = async (streamId: number): Promise<void> => {
        other.send(request(streamId, Flag.END_STREAM, "/other"));
        expect(await other.statusOf(streamId)).toBe("200");
      };
      await ask(1);
      const peer = RawPeer.dial(this.bed.port(door), how.greeting);
      const attacking = act(peer, door);
      await ask(3);
      await attacking;
      await ask(5);
      expect([other.ended, other.count(RST_STREAM), other.count(GOAWAY)]).toEqual([false, 0, 0]);
      peer.close();
      await until(
        () => this.app.open.size === 0,
        () => `${this.app.open.size} requests are left`,
      );
      other.close();
      this.app.reset();
    }
  }
}
