/** Serves admission reviews over HTTPS, as a webhook of the API server. */

import { Connections, type Endable } from "#lib/http-io/connections.ts";
import { type SimpleRequest, serveSimple } from "#lib/http-io/simple.ts";
import type { Logger } from "#lib/log/logger.ts";
import { type Listener, listen } from "#lib/net/listener.ts";
import type { TcpStream } from "#lib/net/tcp-stream.ts";
import { acceptTls, HANDSHAKE_LIMIT_MS, type TlsCredentials } from "#lib/net/tls.ts";
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

/** A connection, which is ended in another way while it says nothing, shakes hands and is served. */
class Accepted implements Endable {
  /** How it is ended now. */
  way: Endable;

  constructor(way: Endable) {
    this.way = way;
  }

  drain(): void {
    this.way.drain();
  }

  destroy(): void {
    this.way.destroy();
  }
}

/** A webhook that serves from its start. */
export class ReviewServer {
  readonly #options: ReviewServerOptions;
  readonly #accepted = new Connections();
  readonly #listener: Listener;
  #stopped: Promise<void> | undefined;

  /** Throws where the address cannot be listened on. */
  constructor(options: ReviewServerOptions) {
    this.#options = options;
    const { addr, onFault } = options;
    this.#listener = listen(addr, (stream) => this.#accept(stream), onFault);
  }

  get port(): number {
    return this.#listener.port;
  }

  /** Takes no more connections, ends those that are idle, and settles when the reviews that run have been answered. */
  stop(): Promise<void> {
    this.#listener.stop();
    this.#stopped ??= this.#accepted.drain(this.#options.clock);
    return this.#stopped;
  }

  /** One that says nothing has as long to begin its handshake as it would have to end it. */
  #accept(stream: TcpStream): void {
    const destroy = (): void => stream.destroy();
    const accepted = new Accepted({ drain: destroy, destroy });
    const silent = this.#options.clock.after(HANDSHAKE_LIMIT_MS, destroy);
    this.#accepted.add(accepted);
    stream.handler = {
      onData: (chunk) => {
        silent.cancel();
        // Its handshake has a time limit, and it is about to ask.
        accepted.way = { drain: () => undefined, destroy };
        this.#secure(stream, accepted, new Uint8Array(chunk));
      },
      onEnd: destroy,
      onDrain: () => undefined,
      onClose: (error) => {
        silent.cancel();
        this.#failed(accepted, error);
      },
    };
  }

  #secure(stream: TcpStream, accepted: Accepted, initial: Uint8Array): void {
    const { clock, credentials, onFault } = this.#options;
    acceptTls(
      stream,
      { initial, credentials: credentials(), alpn: ["h2", "http/1.1"], onFault, clock },
      {
        onSession: ({ stream: secure, alpn }) => {
          const protocol = alpn === "h2" ? "HTTP/2" : "HTTP/1.1";
          const how = { protocol, now: () => clock.now(), clock } as const;
          const connection = serveSimple(secure, how, (request) => {
            this.#answer(request);
            // Who shook hands during the stop asks once.
            if (this.#stopped !== undefined) connection.drain();
          });
          accepted.way = connection;
          const { handler } = secure;
          secure.handler = {
            onData: (chunk) => handler.onData(chunk),
            onEnd: () => handler.onEnd(),
            onDrain: () => handler.onDrain(),
            onClose: (error) => {
              this.#accepted.delete(accepted);
              handler.onClose(error);
            },
          };
        },
        onFailed: (error) => this.#failed(accepted, error),
      },
    );
  }

  #failed(accepted: Accepted, error: Error | undefined): void {
    this.#options.log.debug("Cannot accept connection", { error: error?.message });
    this.#accepted.delete(accepted);
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
