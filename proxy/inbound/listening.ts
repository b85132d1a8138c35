/** Whether the application still listens: callers that cannot be led to another endpoint are let go when it does not. */

import type { ServerConnection } from "#lib/http-io/exchange.ts";
import { type Ticking, tickerOf } from "#lib/http-io/ticker.ts";
import type { Clock, Timer } from "#lib/time/clock.ts";

/**
 * When the kernel is asked after the application has ended a connection: at once, and so many milliseconds after each
 * time before, as many an application ends its connections a moment before its listener.
 */
const LOOKS_MS: readonly number[] = [10, 40];

/** What it looks with. */
export interface ListeningOptions {
  readonly clock: Clock;
  /** Whether somebody listens on a port of this pod; true where that cannot be told. */
  readonly isListenedOn: (port: number) => boolean;
}

/** A port of the application, with the kept connections of its callers. */
interface Port {
  readonly callers: Set<ServerConnection>;
  /** The next of the looks that follow, while one is to come. */
  next: number;
  timer: Timer | undefined;
}

/**
 * A caller outside the mesh keeps its connection to this proxy while the application behind it goes: without a proxy it
 * would have seen the application end it, and come again elsewhere. So it is drained (HTTP/1: ended at once or with
 * `connection: close` on the answer under way; HTTP/2: GOAWAY) as soon as nobody listens any more. That is looked for
 * when the application has ended a connection or refused one, and with the ticks of time limits.
 */
export class Listening implements Ticking {
  readonly #options: ListeningOptions;
  readonly #ports = new Map<number, Port>();

  constructor(options: ListeningOptions) {
    this.#options = options;
  }

  /** A caller to be let go when the port's listener is gone. */
  add(port: number, caller: ServerConnection): void {
    if (this.#ports.size === 0) tickerOf(this.#options.clock).add(this);
    const known = this.#ports.get(port);
    if (known !== undefined) known.callers.add(caller);
    else this.#ports.set(port, { callers: new Set([caller]), next: 0, timer: undefined });
  }

  /** The caller is gone; one that was never added may be named too. */
  delete(port: number, caller: ServerConnection): void {
    const known = this.#ports.get(port);
    if (known === undefined) return;
    known.callers.delete(caller);
    if (known.callers.size > 0) return;
    known.timer?.cancel();
    this.#ports.delete(port);
    if (this.#ports.size === 0) tickerOf(this.#options.clock).delete(this);
  }

  /** The application has ended a connection, or did not take one. */
  onAppEnded(port: number): void {
    const known = this.#ports.get(port);
    if (known === undefined) return;
    known.next = 0;
    if (known.timer === undefined) this.#lookNow(port, known);
  }

  #lookNow(port: number, known: Port): void {
    this.#look(port, known);
    const ms = LOOKS_MS[known.next++];
    known.timer =
      ms === undefined || known.callers.size === 0
        ? undefined
        : this.#options.clock.after(ms, () => this.#lookNow(port, known));
  }

  tick(): void {
    for (const [port, known] of this.#ports) this.#look(port, known);
  }

  /** It keeps nobody awake: who makes requests is ticked. */
  leftMs(): number {
    return Number.POSITIVE_INFINITY;
  }

  #look(port: number, known: Port): void {
    if (this.#options.isListenedOn(port)) return;
    for (const caller of [...known.callers]) caller.drain();
  }
}
