/** Bare TCP of the load generator: so many bytes go to an echo and come back. */

import type { Channel, ChannelObserver, ChannelOptions, Outlet, Wire } from "./channel.ts";

/** One connection with one ping under way. */
export class TcpWire implements Wire, Channel {
  readonly #ping: Buffer;
  readonly #outlet: Outlet;
  readonly #observer: ChannelObserver;
  #scheduledMs = -1;
  #left = 0;

  constructor(options: ChannelOptions, outlet: Outlet, observer: ChannelObserver) {
    this.#ping = Buffer.alloc(options.payloadBytes, "p");
    this.#outlet = outlet;
    this.#observer = observer;
  }

  onOpen(): void {
    this.#observer.onFree(this);
  }

  send(scheduledMs: number): void {
    this.#scheduledMs = scheduledMs;
    this.#left = this.#ping.length;
    this.#outlet.write(this.#ping);
  }

  close(): void {
    this.#outlet.end();
  }

  onData(bytes: Buffer): void {
    if (this.#scheduledMs < 0) return;
    this.#left -= bytes.length;
    if (this.#left > 0) return;
    const scheduledMs = this.#scheduledMs;
    this.#scheduledMs = -1;
    this.#observer.onAnswer(scheduledMs, this.#left === 0);
    this.#observer.onFree(this);
  }

  onGone(): void {
    if (this.#scheduledMs < 0) return;
    const scheduledMs = this.#scheduledMs;
    this.#scheduledMs = -1;
    this.#observer.onAnswer(scheduledMs, false);
  }
}
