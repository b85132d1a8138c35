/** How long a connection waits for its peer, by what it waits for. */

import type { KeepAliveLimits } from "#lib/http2/keep-alive.ts";
import type { ByteStream } from "#lib/net/byte-stream.ts";
import type { Clock } from "#lib/time/clock.ts";
import { type Ticker, type Ticking, tickerOf } from "./ticker.ts";

/**
 * A request's head must be there this long after its first byte, and the first byte of a connection this long after
 * it was accepted: the time that the proxy also gives to detection. nginx and Apache give 60 and 20 s.
 */
export const HEAD_LIMIT_MS = 10_000;

/**
 * A connection without requests is closed after this long. Linkerd's servers never close one, so clients in a mesh keep
 * connections for as long as they like, and a server that closes first loses the request that is just on its way:
 * the limit has to outlast their pools. The longest in wide use is that of Google's load balancers, 600 s, whose
 * documents ask servers for 620 s; Go's is 90 s, nginx's 60 s.
 */
export const SERVER_IDLE_LIMIT_MS = 620_000;

/**
 * A body of which nothing comes for this long is given up with 408; Envoy's streams have the same 5 minutes. One that
 * comes slowly goes through slowly, and nothing of it is kept.
 */
export const BODY_IDLE_LIMIT_MS = 300_000;

/** A client that takes nothing of what waits for it for this long is cut off. Envoy's streams have the same 5 minutes. */
export const WRITE_IDLE_LIMIT_MS = 300_000;

/**
 * A connection that we have ended is cut off when its peer has not ended it too after this long. What the kernel still
 * has to send is lost then, so it is long enough for a slow reader of a full socket buffer.
 */
export const LINGER_LIMIT_MS = 60_000;

/** As LINGER_LIMIT_MS, for a peer who goes on sending and is no longer read: its own end would not be noticed. */
export const OVERRUN_LIMIT_MS = 5000;

/** What servers do to see whether a silent client is still there, as Linkerd's do (10 s, 3 s). */
export const SERVER_KEEP_ALIVE: KeepAliveLimits = {
  pendingMs: 10_000,
  idleMs: 10_000,
  timeoutMs: 3000,
};

/**
 * What clients do towards other proxies: a node that is cut off is noticed within 2.5 s while requests are pending.
 * Not for other servers: grpc-go ends a connection that is pinged more often than every 5 minutes.
 */
export const MESH_KEEP_ALIVE: KeepAliveLimits = {
  pendingMs: 1000,
  idleMs: 10_000,
  timeoutMs: 1500,
};

/**
 * What clients do towards services of the control plane, whose proxies ping by themselves every 10 s: only one that has
 * fallen silent is pinged. Without this a stream from a node that is lost would never end.
 */
export const CONTROL_KEEP_ALIVE: KeepAliveLimits = {
  pendingMs: 15_000,
  idleMs: 15_000,
  timeoutMs: 3000,
};

/** Time limits of a server's connection, in milliseconds; there are none without a clock. */
export interface ServerLimits {
  readonly clock?: Clock;
  /** HEAD_LIMIT_MS where not said. */
  readonly headMs?: number;
  /** SERVER_IDLE_LIMIT_MS where not said. */
  readonly idleMs?: number;
  /** BODY_IDLE_LIMIT_MS where not said. */
  readonly bodyIdleMs?: number;
  /** WRITE_IDLE_LIMIT_MS where not said. */
  readonly writeIdleMs?: number;
}

/**
 * What a connection waits for: nothing that has a limit here (`busy`), a head, any request at all, more of a body, that
 * its peer takes what waits to be written, its peer's end, or that of one who goes on sending.
 */
export type Phase = "busy" | "head" | "idle" | "body" | "writing" | "closing" | "overrun";

/** Counts how long a connection has been in one phase without getting on. */
export class Patience {
  readonly #limits: Readonly<Record<Phase, number>>;
  readonly #ticker: Ticker | undefined;
  readonly #member: Ticking;
  readonly #stream: ByteStream;
  #phase: Phase = "busy";
  #spentMs = 0;
  #queuedBytes = 0;
  #fresh = true;

  /** From now on `member`, who owns the stream, is told the time. */
  constructor(
    member: Ticking,
    how: { readonly stream: ByteStream; readonly limits: ServerLimits },
  ) {
    const { clock, headMs = HEAD_LIMIT_MS, idleMs = SERVER_IDLE_LIMIT_MS } = how.limits;
    const { bodyIdleMs = BODY_IDLE_LIMIT_MS, writeIdleMs = WRITE_IDLE_LIMIT_MS } = how.limits;
    this.#limits = {
      busy: Number.POSITIVE_INFINITY,
      head: headMs,
      idle: idleMs,
      body: bodyIdleMs,
      writing: writeIdleMs,
      closing: LINGER_LIMIT_MS,
      overrun: OVERRUN_LIMIT_MS,
    };
    this.#member = member;
    this.#stream = how.stream;
    this.#ticker = clock && tickerOf(clock);
    this.#ticker?.add(member);
  }

  /** Something came of it: a request began or ended. */
  renew(): void {
    this.#spentMs = 0;
    this.#fresh = false;
  }

  /** Something of a body came. */
  moved(): void {
    this.#spentMs = 0;
  }

  /** Time has passed in this phase; true where its limit is reached. Who has never sent a request has but a head's time. */
  tick(elapsedMs: number, now: Phase): boolean {
    const phase = now === "idle" && this.#fresh ? "head" : now;
    const { queuedBytes } = this.#stream;
    const waits = phase === "closing" || phase === "writing";
    const taken = waits && queuedBytes !== this.#queuedBytes;
    if (phase !== this.#phase || taken) this.#spentMs = 0;
    this.#phase = phase;
    this.#queuedBytes = queuedBytes;
    this.#spentMs += elapsedMs;
    return this.#spentMs >= this.#limits[phase];
  }

  /** How long until the limit of this phase, were nothing to happen. */
  leftMs(now: Phase): number {
    const phase = now === "idle" && this.#fresh ? "head" : now;
    return this.#limits[phase] - (phase === this.#phase ? this.#spentMs : 0);
  }

  /** The connection is gone. */
  end(): void {
    this.#ticker?.delete(this.#member);
  }
}
