/** The injector's webhook: reviews over HTTPS, by namespaces that an informer knows and files that may change. */

import { readTrustBundle } from "#lib/identity/trust-bundle.ts";
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
  /** Takes no more connections, ends those that are idle, and settles when running reviews have been answered. */
  stop(): Promise<void>;
}

/** What comes into pods. */
type Injected = { readonly values: InjectValues; readonly anchorsPem: string };

/** What the files said when they could last be used. */
type State = { readonly injected: Injected; readonly credentials: TlsCredentials };

/** Serves once files and namespaces are known; rejects where the files cannot be used. */
export async function serveWebhook(options: WebhookOptions): Promise<WebhookServer> {
  const files = await watchInjectorFiles(options);
  const namespaces = startInformer({
    ...{ client: options.client, clock: options.clock, random: options.random },
    resource: NAMESPACES,
    logger: options.log,
    accepts: ({ metadata }) => optional(texts)(metadata?.annotations),
  });
  await namespaces.synced;
  return new Webhook(options, { files, namespaces });
}

type InjectorState = WatchedFiles & { readonly state: State };

/** Values and certificate apart: where one cannot be read, the other is still renewed. */
async function watchInjectorFiles({ files, clock, log }: WebhookOptions): Promise<InjectorState> {
  const onFault = (error: Error): void =>
    log.error("files cannot be used", { error: error.message });
  const { values, anchors, crt, key } = files;
  let injected: Injected | undefined;
  const pods = await watchFiles({
    paths: { values, anchors },
    clock,
    take: (read) => {
      // A proxy that is given other anchors does not start.
      readTrustBundle(read.anchors);
      injected = { values: parseValues(read.values), anchorsPem: read.anchors };
      log.info("values and anchors read");
    },
    onFault,
  });
  let credentials: TlsCredentials | undefined;
  const serving = await watchFiles({
    paths: { crt, key },
    clock,
    take: (read) => {
      credentials = new TlsCredentials({
        ...{ keyPem: read.key, chainPem: read.crt },
        anchorsPem: read.crt,
      });
      log.info("certificate read");
    },
    onFault,
  }).catch((error: unknown) => {
    pods.stop();
    throw error;
  });
  return {
    get state() {
      if (injected === undefined || credentials === undefined)
        throw new Error("Cannot review: the files are not read yet");
      return { injected, credentials };
    },
    stop: () => {
      pods.stop();
      serving.stop();
    },
  };
}

class Webhook implements WebhookServer {
  readonly #options: WebhookOptions;
  readonly #files: InjectorState;
  readonly #namespaces: Informer<Namespace>;
  readonly #server: ReviewServer;

  constructor(
    options: WebhookOptions,
    parts: { readonly files: InjectorState; readonly namespaces: Informer<Namespace> },
  ) {
    this.#options = options;
    this.#files = parts.files;
    this.#namespaces = parts.namespaces;
    this.#server = new ReviewServer({
      ...options,
      credentials: () => this.#files.state.credentials,
      answer: (review) => this.#answer(review),
    });
  }

  get port(): number {
    return this.#server.port;
  }

  async stop(): Promise<void> {
    await this.#server.stop();
    this.#files.stop();
    this.#namespaces.stop();
  }

  async #answer(review: AdmissionReview): Promise<AdmissionAnswer> {
    const namespaceAnnotations = await this.#annotations(review.request.namespace ?? "");
    const context = { ...this.#files.state.injected, namespaceAnnotations };
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
