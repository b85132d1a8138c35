/** Serves admission reviews over HTTPS, as a webhook of the API server. */

import type { ServerConnection } from "#lib/http-io/exchange.ts";
import { type SimpleRequest, serveSimple } from "#lib/http-io/simple.ts";
import type { Logger } from "#lib/log/logger.ts";
import { type Listener, listen } from "#lib/net/listener.ts";
import type { TcpStream } from "#lib/net/tcp-stream.ts";
import { acceptTls, type TlsCredentials } from "#lib/net/tls.ts";
import type { Clock } from "#lib/time/clock.ts";
import {
  type AdmissionAnswer,
  AdmissionError,
  type AdmissionReview,
  parseAdmissionReview,
} from "./admission.ts";

/** What serving needs. */
export type ReviewServerOptions = {
  readonly addr: { readonly ip: string; readonly port: number };
  /** What a new connection is served with. */
  readonly credentials: () => TlsCredentials;
  readonly clock: Clock;
  readonly log: Logger;
  readonly onFault: (error: Error) => void;
  readonly answer: (review: AdmissionReview) => AdmissionAnswer | Promise<AdmissionAnswer>;
};

/** A webhook that serves from its start. */
export class ReviewServer {
  readonly #options: ReviewServerOptions;
  readonly #connections = new Set<ServerConnection>();
  readonly #listener: Listener;

  /** Throws where the address cannot be listened on. */
  constructor(options: ReviewServerOptions) {
    this.#options = options;
    const { addr, onFault } = options;
    this.#listener = listen(addr, (stream) => this.#accept(stream), onFault);
  }

  get port(): number {
    return this.#listener.port;
  }

  /** Takes no more connections, ends those that are idle, and lets running reviews end. */
  stop(): void {
    this.#listener.stop();
    for (const connection of this.#connections) connection.drain();
  }

  #accept(stream: TcpStream): void {
    const { clock, credentials, log, onFault } = this.#options;
    const failed = (error: Error | undefined): void =>
      log.debug("Cannot accept connection", { error: error?.message });
    const start = (initial: Uint8Array): void =>
      acceptTls(
        stream,
        { initial, credentials: credentials(), alpn: ["h2", "http/1.1"], onFault, clock },
        {
          onSession: ({ stream: secure, alpn }) => {
            const protocol = alpn === "h2" ? "HTTP/2" : "HTTP/1.1";
            const how = { protocol, now: () => clock.now(), clock } as const;
            const connection = serveSimple(secure, how, (request) => this.#answer(request));
            this.#connections.add(connection);
            const { handler } = secure;
            secure.handler = {
              onData: (chunk) => handler.onData(chunk),
              onEnd: () => handler.onEnd(),
              onDrain: () => handler.onDrain(),
              onClose: (error) => {
                this.#connections.delete(connection);
                handler.onClose(error);
              },
            };
          },
          onFailed: failed,
        },
      );
    stream.handler = {
      onData: (chunk) => start(new Uint8Array(chunk)),
      onEnd: () => stream.destroy(),
      onDrain: () => undefined,
      onClose: failed,
    };
  }

  #answer(request: SimpleRequest): void {
    this.#review(request).then(
      (body) => request.respond(200, { "content-type": "application/json" }, body),
      (error: unknown) => {
        const message = error instanceof Error ? error.message : String(error);
        this.#options.log.error("Cannot answer review", { error: message });
        const status = error instanceof AdmissionError ? 400 : 500;
        request.respond(status, { "content-type": "text/plain" }, `${message}\n`);
      },
    );
  }

  async #review({ head, body }: SimpleRequest): Promise<string> {
    if (head.method !== "POST")
      throw new AdmissionError(`Cannot review: ${head.method} is no POST`);
    const review = parseAdmissionReview(new TextDecoder().decode(body));
    return JSON.stringify(await this.#options.answer(review));
  }
}
