/** What pools of connections to one endpoint have in common: who waits for one, and how many are being opened. */

import type { Clock } from "#lib/time/clock.ts";
import type {
  ClientConnection,
  ClientObserver,
  ConnectionSource,
  ConnectionWaiter,
} from "./exchange.ts";
import { type LineLimits, WaitingLine } from "./waiting-line.ts";

/** Opens one connection and reports once. */
export type OpenConnection = (
  observer: ClientObserver,
  done: { onOpened(connection: ClientConnection): void; onFailed(error: Error): void },
) => void;

/** Who hears whether one that nobody waits for was opened. */
export interface WarmUp {
  onOpened(): void;
  onFailed(): void;
}

/** How a pool behaves. */
export interface PoolOptions {
  readonly open: OpenConnection;
  readonly clock: Clock;
  /** How many may wait for a connection, and for how long; not said: all. */
  readonly line?: LineLimits;
  /** A connection has ended, whoever ended it, or could not be made. */
  readonly onEnded?: () => void;
}

/** Hands connections to whoever waits, in order, and opens what is lacking. */
export abstract class Pool implements ClientObserver, ConnectionSource {
  /** There is one while somebody waits, or has waited in vain. */
  #line: WaitingLine | undefined;
  #draining = false;
  readonly #options: PoolOptions;
  #opening = 0;

  constructor(options: PoolOptions) {
    this.#options = options;
  }

  /** Whether a connection is there without opening one. */
  abstract get warm(): boolean;

  abstract onAvailable(connection: ClientConnection): void;

  /** One that takes a request now. */
  protected abstract take(): ClientConnection | undefined;

  /** One was opened. */
  protected abstract opened(connection: ClientConnection): void;

  /** One has ended. */
  protected abstract lost(connection: ClientConnection): void;

  /** One could not be opened. */
  protected abstract failed(error: Error): void;

  /** Whether those who wait, and for whom so many are being opened, lack another one. */
  protected abstract lacks(opening: number): boolean;

  /** Closes those that are kept, as soon as they are idle. */
  protected abstract drainKept(): void;

  /** Calls the waiter with a connection, at once where one is free. */
  acquire(waiter: ConnectionWaiter): void {
    const connection = this.take();
    if (connection !== undefined) {
      waiter.onConnection(connection);
      return;
    }
    this.#line ??= new WaitingLine(this.#options.clock, this.#options.line);
    const waits = this.#line.add(waiter);
    // Where nobody may wait for want of connections, one is made all the same: it shows when they may again.
    const wanted = waits || (this.waiting === 0 && this.#opening === 0);
    if (wanted && this.lacks(this.#opening)) this.#open();
  }

  /** Opens one that nobody waits for yet, and keeps it for whoever comes. */
  warmUp(told: WarmUp): void {
    this.#open(told);
  }

  /** The waiter no longer wants a connection. */
  cancel(waiter: ConnectionWaiter): void {
    this.#line?.remove(waiter);
    this.drainIdle();
  }

  /** Closes what is idle; what is busy closes when it is done. Who waits, or still comes, is served first. */
  drain(): void {
    this.#draining = true;
    this.drainIdle();
  }

  onClosed(connection: ClientConnection): void {
    this.lost(connection);
    this.#options.onEnded?.();
  }

  /** Whether connections that are idle are closed. */
  protected get draining(): boolean {
    return this.#draining;
  }

  /** How many wait. */
  protected get waiting(): number {
    return this.#line?.length ?? 0;
  }

  /** Where it is draining and nobody waits any longer nothing is kept. */
  protected drainIdle(): void {
    if (this.#draining && this.waiting === 0) this.drainKept();
  }

  /** Those who wait get the connection, in order, as long as it takes more; who no longer wants one leaves it as it is. */
  protected serve(connection: ClientConnection): void {
    const line = this.#line;
    if (line === undefined) return;
    line.ready();
    while (connection.available && line.length > 0) line.shift()?.onConnection(connection);
    if (line.length === 0 && this.#line === line) this.#line = undefined;
  }

  /** Opens one where those who wait lack it. */
  protected openForWaiting(): void {
    if (this.waiting > 0 && this.lacks(this.#opening)) this.#open();
  }

  /** The first so many of those who wait are told why they get none. */
  protected failWaiting(error: Error, count: number): void {
    for (const waiter of this.#line?.take(count) ?? []) waiter.onConnectFailed(error);
    this.drainIdle();
  }

  #open(told?: WarmUp): void {
    this.#opening++;
    this.#options.open(this, {
      onOpened: (connection) => {
        this.#opening--;
        this.opened(connection);
        told?.onOpened();
      },
      onFailed: (error) => {
        this.#opening--;
        // Those who wait, where one comes that was opened for them, go on waiting for it.
        if (told === undefined || this.#opening === 0) this.failed(error);
        this.#options.onEnded?.();
        told?.onFailed();
      },
    });
  }
}
