/** An origin that writes down exactly what arrives, and answers with exactly the bytes that it is told. */

import { createServer, type Server, type Socket } from "node:net";
import { type Message, splitRequests } from "./messages.ts";

/** What came over one connection, as text of bytes. */
export interface Arrival {
  text: string;
  /** What was answered of it goes so far. */
  answeredTo: number;
}

/** The answer to a request; `after` it the connection is closed or cut off. */
export interface Answer {
  readonly bytes: string;
  readonly after?: "end" | "reset";
}

const OK: Answer = { bytes: "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok" };

/** Listens on loopback. */
export class RawServer {
  arrivals: Arrival[] = [];
  /** Decides the answer to a whole request. */
  answer: (request: Message) => Answer = () => OK;
  /** Decides the answer to what has come of a request that is not whole, where it is not waited for. */
  early: (text: string) => Answer | undefined = () => undefined;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  constructor() {
    this.#server = createServer({ allowHalfOpen: true }, (socket) => this.#accept(socket));
  }

  async listen(): Promise<number> {
    await new Promise<void>((resolve) => this.#server.listen(0, "127.0.0.1", resolve));
    const address = this.#server.address();
    return address === null || typeof address === "string" ? 0 : address.port;
  }

  /** What has arrived since this was last asked. */
  take(): Arrival[] {
    const taken = this.arrivals.filter(({ text }) => text !== "");
    this.arrivals = [];
    return taken;
  }

  /** Connections that are open, and what their proxies have not taken of what was answered. */
  get open(): { readonly connections: number; readonly unsentBytes: number } {
    const unsent = [...this.#sockets].map(({ writableLength }) => writableLength);
    return { connections: unsent.length, unsentBytes: unsent.reduce((a, b) => a + b, 0) };
  }

  stop(): void {
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
  }

  #accept(socket: Socket): void {
    this.#sockets.add(socket);
    let arrival: Arrival = { text: "", answeredTo: 0 };
    socket.on("data", (chunk) => {
      if (!this.arrivals.includes(arrival)) {
        // A new account begins after `take`, in the middle of a message only where that was so too.
        arrival = { text: "", answeredTo: 0 };
        this.arrivals.push(arrival);
      }
      arrival.text += chunk.toString("latin1");
      this.#answer(socket, arrival);
    });
    socket.on("end", () => socket.end());
    socket.on("error", () => socket.destroy());
    socket.on("close", () => this.#sockets.delete(socket));
  }

  #answer(socket: Socket, arrival: Arrival): void {
    const text = arrival.text.slice(arrival.answeredTo);
    const { messages, rest } = splitRequests(text);
    arrival.answeredTo += text.length - rest.length;
    for (const message of messages) this.#send(socket, this.answer(message));
    const early = rest === "" ? undefined : this.early(rest);
    if (early !== undefined) this.#send(socket, early);
  }

  #send(socket: Socket, { bytes, after }: Answer): void {
    socket.write(Buffer.from(bytes, "latin1"));
    if (after === "end") socket.end();
    if (after === "reset") socket.resetAndDestroy();
  }
}
