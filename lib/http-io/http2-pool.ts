/** HTTP/2 connections to one endpoint: all requests share the first that takes more. */

import type { ClientConnection } from "./exchange.ts";
import { Pool, type WarmUp } from "./pool.ts";

/** Opens another one where those that are there take no more. */
export class Http2Pool extends Pool {
  /** All of them. */
  readonly #connections: ClientConnection[] = [];
  /** The one that has not yet said how many requests it takes; until then no other one is opened. */
  #settling: ClientConnection | undefined;

  get warm(): boolean {
    return this.#connections.some(({ available }) => available);
  }

  onAvailable(connection: ClientConnection): void {
    if (this.#settling === connection) this.#settling = undefined;
    this.#share(connection);
  }

  /** One for all is enough. */
  override warmUp(told: WarmUp): void {
    if (this.warm || this.#settling !== undefined) told.onOpened();
    else super.warmUp(told);
  }

  protected take(): ClientConnection | undefined {
    const connections = this.#connections;
    for (let i = 0; i < connections.length; i++)
      if (connections[i]?.available === true) return connections[i];
    return undefined;
  }

  protected opened(connection: ClientConnection): void {
    this.#connections.push(connection);
    this.#settling = connection;
    this.#share(connection);
  }

  protected lost(connection: ClientConnection): void {
    const index = this.#connections.indexOf(connection);
    if (index >= 0) this.#connections.splice(index, 1);
    if (this.#settling === connection) {
      this.#settling = undefined;
      this.failed(new Error("Cannot use connection: it ended before its settings came"));
    } else this.openForWaiting();
  }

  /** All waited for the same one. */
  protected failed(error: Error): void {
    this.failWaiting(error, this.waiting);
  }

  protected lacks(opening: number): boolean {
    const coming = opening > 0 || this.#settling !== undefined;
    return !coming && !this.#connections.some(isUnwilling);
  }

  protected drainKept(): void {
    for (const connection of this.#connections.splice(0)) connection.drain();
  }

  #share(connection: ClientConnection): void {
    if (connection.available) this.serve(connection);
    this.openForWaiting();
    this.drainIdle();
  }
}

/** Whether a server takes no requests at all for now (RFC 9113 §6.5.2): further connections would have nothing to do either. */
const isUnwilling = ({ available, activeStreams }: ClientConnection): boolean =>
  !available && activeStreams === 0;
