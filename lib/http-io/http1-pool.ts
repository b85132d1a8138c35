/** HTTP/1 connections to one endpoint: each has one request at a time, and those that have none are kept for a while. */

import type { ClientConnection } from "./exchange.ts";
import { IdleConnections, type IdleLimits } from "./idle-connections.ts";
import { Pool, type PoolOptions } from "./pool.ts";

/** Opens one for whoever finds none idle. */
export class Http1Pool extends Pool {
  readonly #idle: IdleConnections;

  constructor(options: PoolOptions & IdleLimits) {
    super(options);
    this.#idle = new IdleConnections(options);
  }

  get warm(): boolean {
    return this.#idle.warm;
  }

  onAvailable(connection: ClientConnection): void {
    this.serve(connection);
    if (!connection.available) return;
    if (this.draining) connection.drain();
    else this.#idle.keep(connection);
  }

  protected take(): ClientConnection | undefined {
    return this.#idle.take();
  }

  protected opened(connection: ClientConnection): void {
    this.onAvailable(connection);
  }

  protected lost(connection: ClientConnection): void {
    this.#idle.forget(connection);
  }

  /** It was for one of those who wait. */
  protected failed(error: Error): void {
    this.failWaiting(error, 1);
  }

  /** Each of them has one that is being opened, but for who has just come. */
  protected lacks(): boolean {
    return true;
  }

  protected drainKept(): void {
    this.#idle.drain();
  }
}
