/** The hostile server of an attack: it listens to requests only to answer each with what the attack says. */

import { FrameType, PREFACE } from "#lib/http2/frame.ts";
import { FrameReader } from "#lib/http2/frame-reader.ts";
import type { Attack } from "./attack.ts";
import { Pump, type PumpSocket } from "./pump.ts";

/** A request over HTTP/1.1 ends its first line so; attackers pipeline none behind it that matter. */
const REQUEST = " HTTP/1.1\r\n";

/** One connection of the proxy's. */
class Peer {
  readonly #attack: Attack;
  readonly #socket: PumpSocket;
  readonly #pumps: Pump[] = [];
  readonly #reader = new FrameReader("client");
  #preface = PREFACE.length;

  constructor(attack: Attack, socket: PumpSocket) {
    this.#attack = attack;
    this.#socket = socket;
  }

  hear(bytes: Buffer): void {
    if (this.#attack.over === "http2") this.#hearFrames(bytes);
    else if (bytes.subarray(0, 200).includes(REQUEST)) this.#answer(0);
  }

  go(): void {
    this.#pumps[0]?.go();
  }

  close(): void {
    for (const pump of this.#pumps) pump.stop();
  }

  #hearFrames(bytes: Buffer): void {
    const skipped = Math.min(this.#preface, bytes.length);
    this.#preface -= skipped;
    this.#reader.receive(bytes.subarray(skipped), {
      onFrame: ({ type, streamId }) => {
        if (type === FrameType.HEADERS) this.#answer(streamId);
      },
    });
  }

  /** One answer after the other. */
  #answer(streamId: number): void {
    const pieces = this.#attack.upstream?.(streamId) ?? [];
    const onDone = (): void => {
      this.#pumps.shift();
      if (this.#attack.upstreamEnds === true) this.#socket.end();
      else this.#pumps[0]?.go();
    };
    const first = this.#pumps.push(new Pump(this.#socket, pieces, { onDone })) === 1;
    if (first) this.go();
  }
}

/** Listens on all addresses. */
export function startUpstream(attack: Attack, port: number): void {
  const peers = new WeakMap<PumpSocket, Peer>();
  const close = (socket: PumpSocket): void => peers.get(socket)?.close();
  const listen = {
    hostname: "0.0.0.0",
    port,
    socket: {
      open: (socket: PumpSocket) => void peers.set(socket, new Peer(attack, socket)),
      data: (socket: PumpSocket, bytes: Buffer) => peers.get(socket)?.hear(bytes),
      drain: (socket: PumpSocket) => peers.get(socket)?.go(),
      end: (socket: PumpSocket) => socket.end(),
      close,
      error: close,
    },
  } as unknown as Parameters<typeof Bun.listen>[0];
  Bun.listen(listen);
}
