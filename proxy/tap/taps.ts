/** Who looks at requests now; while nobody does, that is all that a request asks (P55). */

import type { MessageInitShape } from "@bufbuild/protobuf";
import type { TapEventSchema } from "#lib/api/gen/proxy/tap_pb.ts";
import type { ClientConnection } from "#lib/http-io/exchange.ts";
import type { Clock } from "#lib/time/clock.ts";
import type { TapSubject, TapTest } from "./tap-match.ts";
import { TappedConnection } from "./tapped.ts";

/** What is told of a request. */
export type TapMessage = MessageInitShape<typeof TapEventSchema>;

/** One who looks. */
export interface TapOptions {
  /** Tells those who look apart. */
  readonly base: number;
  /** How many requests are looked at, at most. */
  readonly limit: number;
  readonly test: TapTest;
  /** Whether header fields are told. */
  readonly headers: boolean;
  send(message: TapMessage): void;
  /** All that was to be looked at has ended. */
  onEnd(): void;
}

/** Looks at as many requests as it may. */
export class Tap {
  readonly options: TapOptions;
  #count = 0;
  #open = 0;

  constructor(options: TapOptions) {
    this.options = options;
  }

  get isFull(): boolean {
    return this.#count >= this.options.limit;
  }

  /** The number of a request that is looked at; undefined where it is not. */
  take(subject: TapSubject): number | undefined {
    if (this.isFull || !this.options.test(subject)) return undefined;
    this.#open++;
    return this.#count++;
  }

  /** A request that was taken has ended. */
  ended(): void {
    this.#open--;
    if (this.#open === 0 && this.isFull) this.options.onEnd();
  }
}

/** At most so many look at once. */
const TAPS_LIMIT = 100;

/** All who look. */
export class Taps {
  /** Whether somebody does. */
  active = false;
  readonly #clock: Clock;
  #taps: readonly Tap[] = [];

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** False where too many look already. */
  add(tap: Tap): boolean {
    if (this.#taps.length >= TAPS_LIMIT) return false;
    this.#taps = [...this.#taps, tap];
    this.active = true;
    return true;
  }

  remove(tap: Tap): void {
    this.#taps = this.#taps.filter((each) => each !== tap);
    this.active = this.#taps.length > 0;
  }

  /** The connection to send a request on: itself, or one that tells of the request. */
  watch(connection: ClientConnection, subject: TapSubject): ClientConnection {
    const taken = this.#taps.flatMap((tap) => {
      const id = tap.take(subject);
      return id === undefined ? [] : [{ tap, id }];
    });
    return taken.length === 0
      ? connection
      : new TappedConnection(connection, { subject, taken, clock: this.#clock });
  }
}
