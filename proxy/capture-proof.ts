/** Proves that outbound traffic of this pod is captured: a connection to a reserved address must come back to us. */

import type { SocketAddr } from "#lib/addr/socket-addr.ts";
import { connectTcp } from "#lib/net/connect.ts";
import type { TcpStream } from "#lib/net/tcp-stream.ts";
import type { Clock, Timer } from "#lib/time/clock.ts";

/** How often the proof is asked for while it does not hold, in milliseconds. */
export const PROOF_RETRY_MS = 500;
const PROOF_TIMEOUT_MS = 1000;
const NONCE_BYTES = 16;

/** Holds whether the last proof succeeded. */
export class CaptureProof {
  readonly #probes: readonly SocketAddr[];
  readonly #clock: Clock;
  readonly #nonce: () => Uint8Array;
  readonly #onFault: (error: Error) => void;
  readonly #intervalMs: number;
  #expected: string | undefined;
  #proved = false;
  #timer: Timer | undefined;

  /** `nonce` gives 16 random bytes. */
  constructor(how: {
    /** Addresses that are dialled; one that comes back is enough. */
    readonly probes: readonly SocketAddr[];
    readonly clock: Clock;
    readonly nonce: () => Uint8Array;
    readonly onFault: (error: Error) => void;
    /** How often the proof is renewed while it holds. */
    readonly intervalMs: number;
  }) {
    this.#intervalMs = how.intervalMs;
    this.#probes = how.probes;
    this.#clock = how.clock;
    this.#nonce = how.nonce;
    this.#onFault = how.onFault;
  }

  get proved(): boolean {
    return this.#proved;
  }

  start(): void {
    const nonce = this.#nonce().subarray(0, NONCE_BYTES);
    this.#expected = Buffer.from(nonce).toString("hex");
    const how = { timeoutMs: PROOF_TIMEOUT_MS, clock: this.#clock, onFault: this.#onFault };
    for (const probe of this.#probes)
      connectTcp(
        { ...probe, ...how },
        {
          onConnected: (stream) => {
            stream.write(nonce);
            stream.end();
          },
          onFailed: () => undefined,
        },
      );
    this.#timer = this.#clock.after(PROOF_TIMEOUT_MS, () => this.#judge());
  }

  stop(): void {
    this.#timer?.cancel();
  }

  /** A connection with the probe's destination arrived at our own listener. */
  arrived(stream: TcpStream): void {
    const received: Buffer[] = [];
    stream.handler = {
      onData: (chunk) => {
        received.push(Buffer.from(chunk));
        if (Buffer.concat(received).toString("hex") !== this.#expected) return;
        this.#proved = true;
        this.#expected = undefined;
        stream.destroy();
      },
      onEnd: () => stream.destroy(),
      onDrain: () => undefined,
      onClose: () => undefined,
    };
  }

  #judge(): void {
    if (this.#expected !== undefined) this.#proved = false;
    this.#timer = this.#clock.after(this.#proved ? this.#intervalMs : PROOF_RETRY_MS, () =>
      this.start(),
    );
  }
}
