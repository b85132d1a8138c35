/** The connections to one endpoint: kept, shared and opened as requests need them. */

import type { Clock } from "#lib/time/clock.ts";
import type {
  ClientConnection,
  ClientObserver,
  ConnectionSource,
  ConnectionWaiter,
} from "./exchange.ts";
import { IdleConnections, type IdleLimits } from "./idle-connections.ts";
import { type LineLimits, WaitingLine } from "./waiting-line.ts";

/** Opens one connection and reports once. */
export type OpenConnection = (
  observer: ClientObserver,
  done: { onOpened(connection: ClientConnection): void; onFailed(error: Error): void },
) => void;

/** How a pool behaves; its limits of what is idle are those of HTTP/1. */
export interface PoolOptions extends IdleLimits {
  readonly version: "HTTP/1.1" | "HTTP/2";
  readonly open: OpenConnection;
  /** How many may wait for a connection, and for how long; not said: all. */
  readonly line?: LineLimits;
  /** A connection has ended, whoever ended it, or could not be made. */
  readonly onEnded?: () => void;
}

/** Keeps connections and hands them to whoever waits, in order. */
export class Pool implements ClientObserver, ConnectionSource {
  readonly #version: "HTTP/1.1" | "HTTP/2";
  /** HTTP/1. */
  readonly #idle: IdleConnections;
  /** There is one while somebody waits, or has waited in vain. */
  #line: WaitingLine | undefined;
  #draining = false;
  readonly #options: PoolOptions;
  readonly #clock: Clock;
  #opening = 0;
  /** HTTP/2: all of them. */
  readonly #connections: ClientConnection[] = [];
  /** HTTP/2: the connection that has not yet said how many requests it takes; until then no other one is opened. */
  #settling: ClientConnection | undefined;

  constructor(options: PoolOptions) {
    this.#options = options;
    this.#version = options.version;
    this.#clock = options.clock;
    this.#idle = new IdleConnections(options);
  }

  /** Whether a connection is there without opening one. */
  get warm(): boolean {
    return this.#idle.warm || this.#connections.some(({ available }) => available);
  }

  /** Calls the waiter with a connection, at once where one is free. */
  acquire(waiter: ConnectionWaiter): void {
    const connection = this.#version === "HTTP/1.1" ? this.#idle.take() : this.#shared();
    if (connection !== undefined) {
      waiter.onConnection(connection);
      return;
    }
    this.#line ??= new WaitingLine(this.#clock, this.#options.line);
    if (!this.#line.add(waiter)) this.#tryAnew();
    else if (this.#version === "HTTP/1.1") this.#open();
    else this.#openForWaiting();
  }

  /** Nobody waits any more for want of connections: one is made, so that it shows when they may again. */
  #tryAnew(): void {
    if (this.#opening === 0 && this.#settling === undefined && this.#waiting === 0) this.#open();
  }

  /** The waiter no longer wants a connection. */
  cancel(waiter: ConnectionWaiter): void {
    this.#line?.remove(waiter);
    this.#drainIdle();
  }

  /** Closes what is idle; what is busy closes when it is done. Who waits, or still comes, is served first. */
  drain(): void {
    this.#draining = true;
    this.#drainIdle();
  }

  /** Where it is draining and nobody waits any longer nothing is kept. */
  #drainIdle(): void {
    if (!this.#draining || this.#waiting > 0) return;
    this.#idle.drain();
    for (const connection of this.#connections.splice(0)) connection.drain();
  }

  onAvailable(connection: ClientConnection): void {
    if (this.#version === "HTTP/2") {
      if (this.#settling === connection) this.#settling = undefined;
      this.#share(connection);
      return;
    }
    if (this.#line !== undefined) this.#serve(this.#line, connection);
    if (!connection.available) return;
    if (this.#draining) connection.drain();
    else this.#idle.keep(connection);
  }

  onClosed(connection: ClientConnection): void {
    if (this.#version === "HTTP/1.1") this.#idle.forget(connection);
    else this.#unshare(connection);
    this.#options.onEnded?.();
  }

  #unshare(connection: ClientConnection): void {
    const index = this.#connections.indexOf(connection);
    if (index >= 0) this.#connections.splice(index, 1);
    if (this.#settling === connection) {
      this.#settling = undefined;
      this.#failWaiters(new Error("Cannot use connection: it ended before its settings came"));
    } else this.#openForWaiting();
  }

  #share(connection: ClientConnection): void {
    if (this.#line !== undefined && connection.available) this.#serve(this.#line, connection);
    this.#openForWaiting();
    this.#drainIdle();
  }

  /** Those who wait get the connection, in order, as long as it takes more; who no longer wants one leaves it as it is. */
  #serve(line: WaitingLine, connection: ClientConnection): void {
    line.ready();
    while (connection.available && line.length > 0) line.shift()?.onConnection(connection);
    if (line.length === 0 && this.#line === line) this.#line = undefined;
  }

  /** How many wait. */
  get #waiting(): number {
    return this.#line?.length ?? 0;
  }

  #openForWaiting(): void {
    const coming = this.#opening > 0 || this.#settling !== undefined;
    if (this.#waiting > 0 && !coming && !this.#connections.some(isUnwilling)) this.#open();
  }

  /** The first of those that are shared that takes a request. */
  #shared(): ClientConnection | undefined {
    const connections = this.#connections;
    for (let i = 0; i < connections.length; i++)
      if (connections[i]?.available === true) return connections[i];
    return undefined;
  }

  #open(): void {
    this.#opening++;
    this.#options.open(this, {
      onOpened: (connection) => {
        this.#opening--;
        if (this.#version === "HTTP/1.1") {
          this.onAvailable(connection);
          return;
        }
        this.#connections.push(connection);
        this.#settling = connection;
        this.#share(connection);
      },
      onFailed: (error) => {
        this.#opening--;
        this.#failWaiters(error);
        this.#options.onEnded?.();
      },
    });
  }

  /** HTTP/1: one connection was for one waiter. HTTP/2: all waited for the same one. */
  #failWaiters(error: Error): void {
    const count = this.#version === "HTTP/2" ? this.#waiting : 1;
    for (const waiter of this.#line?.take(count) ?? []) waiter.onConnectFailed(error);
    this.#drainIdle();
  }
}

/** Whether a server takes no requests at all for now (RFC 9113 §6.5.2): further connections would have nothing to do either. */
const isUnwilling = ({ available, activeStreams }: ClientConnection): boolean =>
  !available && activeStreams === 0;
