/** A connection that is lent for one request, which somebody follows; of itself it is as the one behind it. */

import type { ClientConnection } from "./exchange.ts";

/** Whoever follows the request says how it is sent. */
export abstract class LentConnection implements ClientConnection {
  readonly version: ClientConnection["version"];
  protected readonly connection: ClientConnection;

  constructor(connection: ClientConnection) {
    this.version = connection.version;
    this.connection = connection;
  }

  abstract send(
    ...request: Parameters<ClientConnection["send"]>
  ): ReturnType<ClientConnection["send"]>;

  get available(): boolean {
    return this.connection.available;
  }

  get activeStreams(): number {
    return this.connection.activeStreams;
  }

  drain(): void {
    this.connection.drain();
  }

  destroy(): void {
    this.connection.destroy();
  }
}
