/** The injector's webhook: reviews over HTTPS, by namespaces that an informer knows and files that may change. */

import type { AdmissionAnswer, AdmissionReview } from "#lib/k8s/admission.ts";
import type { Marks } from "#lib/k8s/annotations.ts";
import type { KubeClient } from "#lib/k8s/client.ts";
import { type Informer, startInformer } from "#lib/k8s/informer.ts";
import { type WatchedFiles, watchFiles } from "#lib/k8s/mounted-files.ts";
import { NAMESPACES } from "#lib/k8s/resource.ts";
import { ReviewServer } from "#lib/k8s/review-server.ts";
import { optional, texts } from "#lib/k8s/shape.ts";
import type { Namespace } from "#lib/k8s/types/core.ts";
import type { Logger } from "#lib/log/logger.ts";
import { TlsCredentials } from "#lib/net/tls.ts";
import type { Clock } from "#lib/time/clock.ts";
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
  await namespaces.synced;
  return new Webhook(options, {
    files,
    namespaces,
    state: () => {
      if (state === undefined) throw new Error("Cannot review: the files are not read yet");
      return state;
    },
  });
}

class Webhook implements WebhookServer {
  readonly #options: WebhookOptions;
  readonly #state: () => State;
  readonly #files: WatchedFiles;
  readonly #namespaces: Informer<Namespace>;
  readonly #server: ReviewServer;

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
    this.#server = new ReviewServer({
      ...options,
      credentials: () => this.#state().credentials,
      answer: (review) => this.#answer(review),
    });
  }

  get port(): number {
    return this.#server.port;
  }

  stop(): void {
    this.#server.stop();
    this.#files.stop();
    this.#namespaces.stop();
  }

  async #answer(review: AdmissionReview): Promise<AdmissionAnswer> {
    const namespaceAnnotations = await this.#annotations(review.request.namespace ?? "");
    const { values, anchorsPem } = this.#state();
    const context = { values, anchorsPem, namespaceAnnotations };
    const { answer, decided } = answerReview(review, context);
    const { namespace = "", dryRun = false } = review.request;
    if (decided !== undefined)
      this.#options.onReviewed({ ...decided, namespace, namespaceAnnotations, dryRun });
    return answer;
  }

  /** A namespace may be younger than the informer's last event: then it is asked for. */
  async #annotations(name: string): Promise<Marks> {
    const namespace =
      this.#namespaces.get({ name }) ?? (await this.#options.client.get(NAMESPACES, { name }));
    return namespace?.metadata?.annotations;
  }
}
