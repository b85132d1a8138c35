/** The injector's webhook: reviews over HTTPS, by namespaces that an informer knows and files that may change. */

import type { ServerConnection } from "#lib/http-io/exchange.ts";
import { type SimpleRequest, serveSimple } from "#lib/http-io/simple.ts";
import { AdmissionError, parseAdmissionReview } from "#lib/k8s/admission.ts";
import type { Marks } from "#lib/k8s/annotations.ts";
import type { KubeClient } from "#lib/k8s/client.ts";
import { type Informer, startInformer } from "#lib/k8s/informer.ts";
import { NAMESPACES } from "#lib/k8s/resource.ts";
import { optional, texts } from "#lib/k8s/shape.ts";
import type { Namespace } from "#lib/k8s/types/core.ts";
import type { Logger } from "#lib/log/logger.ts";
import { type Listener, listen } from "#lib/net/listener.ts";
import type { TcpStream } from "#lib/net/tcp-stream.ts";
import { acceptTls, TlsCredentials } from "#lib/net/tls.ts";
import type { Clock } from "#lib/time/clock.ts";
import { type WatchedFiles, watchFiles } from "./files.ts";
import { answerReview } from "./review.ts";
import type { Told } from "./telling.ts";
import { type InjectValues, parseValues } from "./values.ts";

/** Where the pod mounts what the webhook reads. */
export type InjectorFiles = {
  readonly values: string;
  readonly anchors: string;
  readonly crt: string;
  readonly key: string;
};

/** What serving needs. */
export type WebhookOptions = {
  readonly addr: { readonly ip: string; readonly port: number };
  readonly files: InjectorFiles;
  readonly client: KubeClient;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Logger;
  readonly onFault: (error: Error) => void;
  /** Told of every pod that was answered for. */
  readonly onReviewed: (told: Told) => void;
};

/** A webhook that serves. */
export interface WebhookServer {
  readonly port: number;
  /** Takes no more connections, ends those that are idle, and lets running reviews end. */
  stop(): void;
}

type State = {
  readonly values: InjectValues;
  readonly anchorsPem: string;
  readonly credentials: TlsCredentials;
};

/** Serves once files and namespaces are known; rejects where the files cannot be used. */
export async function serveWebhook(options: WebhookOptions): Promise<WebhookServer> {
  const { log } = options;
  let state: State | undefined;
  const files = await watchFiles({
    paths: options.files,
    clock: options.clock,
    take: ({ values, anchors, crt, key }) => {
      state = {
        values: parseValues(values),
        anchorsPem: anchors,
        credentials: new TlsCredentials({ keyPem: key, chainPem: crt, anchorsPem: crt }),
      };
      log.info("values, anchors and certificate read");
    },
    onFault: (error) => log.error("files cannot be used", { error: error.message }),
  });
  const namespaces = startInformer({
    ...{ client: options.client, clock: options.clock, random: options.random },
    resource: NAMESPACES,
    logger: log,
    accepts: ({ metadata }) => optional(texts)(metadata?.annotations),
  });
  const webhook = new Webhook(options, {
    files,
    namespaces,
    state: () => {
      if (state === undefined) throw new Error("Cannot review: the files are not read yet");
      return state;
    },
  });
  await namespaces.synced;
  webhook.listen();
  return webhook;
}

class Webhook implements WebhookServer {
  readonly #options: WebhookOptions;
  readonly #state: () => State;
  readonly #files: WatchedFiles;
  readonly #namespaces: Informer<Namespace>;
  readonly #connections = new Set<ServerConnection>();
  #listener: Listener | undefined;

  constructor(
    options: WebhookOptions,
    parts: {
      readonly files: WatchedFiles;
      readonly namespaces: Informer<Namespace>;
      readonly state: () => State;
    },
  ) {
    this.#options = options;
    this.#state = parts.state;
    this.#files = parts.files;
    this.#namespaces = parts.namespaces;
  }

  get port(): number {
    return this.#listener?.port ?? 0;
  }

  listen(): void {
    const { addr, onFault } = this.#options;
    this.#listener = listen(addr, (stream) => this.#accept(stream), onFault);
  }

  stop(): void {
    this.#listener?.stop();
    this.#files.stop();
    this.#namespaces.stop();
    for (const connection of this.#connections) connection.drain();
  }

  #accept(stream: TcpStream): void {
    const { clock, log, onFault } = this.#options;
    const failed = (error: Error | undefined): void =>
      log.debug("Cannot accept connection", { error: error?.message });
    const start = (initial: Uint8Array): void =>
      acceptTls(
        stream,
        { initial, credentials: this.#state().credentials, alpn: ["h2", "http/1.1"], onFault },
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
    const namespaceAnnotations = await this.#annotations(review.request.namespace ?? "");
    const { values, anchorsPem } = this.#state();
    const context = { values, anchorsPem, namespaceAnnotations };
    const { answer, decided } = answerReview(review, context);
    const { namespace = "", dryRun = false } = review.request;
    if (decided !== undefined)
      this.#options.onReviewed({ ...decided, namespace, namespaceAnnotations, dryRun });
    return JSON.stringify(answer);
  }

  /** A namespace may be younger than the informer's last event: then it is asked for. */
  async #annotations(name: string): Promise<Marks> {
    const namespace =
      this.#namespaces.get({ name }) ?? (await this.#options.client.get(NAMESPACES, { name }));
    return namespace?.metadata?.annotations;
  }
}
