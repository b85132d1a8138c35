/** An application that answers nobody before it is told to. */

import { createServer, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** On loopback. */
export class WaitingApp {
  /** Who waits for an answer. */
  readonly waiting: ServerResponse[] = [];
  readonly #server: Server = createServer((_, response) => void this.waiting.push(response));

  /** Where it listens from then on. */
  async start(): Promise<{ readonly ip: string; readonly port: number }> {
    const ip = "127.0.0.1";
    await new Promise<void>((resolve) => this.#server.listen(0, ip, resolve));
    return { ip, port: (this.#server.address() as AddressInfo).port };
  }

  stop(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }
}
