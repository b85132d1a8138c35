/** A validating webhook: reviews over HTTPS, with a certificate whose files may change, or come later. */

import {
  ADMISSION_VERSION,
  type AdmissionAnswer,
  type AdmissionReview,
} from "#lib/k8s/admission.ts";
import type { KubeClient } from "#lib/k8s/client.ts";
import { awaitFiles } from "#lib/k8s/mounted-files.ts";
import { SERVERS } from "#lib/k8s/resource.ts";
import { ReviewServer } from "#lib/k8s/review-server.ts";
import type { Webhook } from "#lib/k8s/webhooks.ts";
import type { Logger } from "#lib/log/logger.ts";
import { TlsCredentials } from "#lib/net/tls.ts";
import type { Clock } from "#lib/time/clock.ts";
import { POLICY_GROUP } from "../core/route.ts";
import { answerPolicyReview } from "./review.ts";
import { isServerSpec, type NamedServer, type ServerSpec } from "./server.ts";

/** Where a validator listens, and the folder that its Secret is mounted to. */
export type ValidatorArgs = {
  readonly addr: { readonly ip: string; readonly port: number };
  readonly tlsDir: string;
};

/** What serving needs. */
export type ValidatorOptions = ValidatorArgs & {
  readonly webhook: Webhook;
  readonly client: Pick<KubeClient, "list">;
  readonly clock: Clock;
  readonly log: Logger;
  readonly onFault: (error: Error) => void;
};

/**
 * One that serves from when its certificate can be used. Until then it looks again every few seconds: who serves
 * discovery in the same process goes on meanwhile.
 */
export class Validator {
  readonly #options: ValidatorOptions;
  readonly #log: Logger;
  readonly #files: ReturnType<typeof awaitFiles>;
  #credentials: TlsCredentials | undefined;
  #server: ReviewServer | undefined;

  constructor(options: ValidatorOptions) {
    const { clock, tlsDir, webhook } = options;
    this.#options = options;
    this.#log = options.log.target("linkerd_policy_controller");
    this.#files = awaitFiles({
      paths: { crt: `${tlsDir}/tls.crt`, key: `${tlsDir}/tls.key` },
      clock,
      take: (pair) => this.#serve(pair),
      onFault: (error) =>
        this.#log.error("Cannot serve a webhook by its files", {
          webhook: webhook.name,
          error: error.message,
        }),
    });
  }

  /** Settles when the certificate was looked at once, whatever came of it. */
  get tried(): Promise<void> {
    return this.#files.tried;
  }

  /** 0 while it does not serve. */
  get port(): number {
    return this.#server?.port ?? 0;
  }

  /** Takes no more connections, ends those that are idle, and settles when running reviews have been answered. */
  async stop(): Promise<void> {
    this.#files.stop();
    await this.#server?.stop();
  }

  #serve({ crt, key }: { readonly crt: string; readonly key: string }): void {
    const { addr, clock, onFault, webhook } = this.#options;
    this.#credentials = new TlsCredentials({ keyPem: key, chainPem: crt, anchorsPem: crt });
    this.#server ??= new ReviewServer({
      ...{ addr, clock, log: this.#log, onFault },
      credentials: () => this.#usable(),
      answer: (review) => this.#answer(review),
    });
    const about = { webhook: webhook.name, port: this.port };
    this.#log.info("Serving a webhook by the certificate that was read", about);
  }

  #usable(): TlsCredentials {
    if (this.#credentials === undefined) throw new Error("Cannot serve: there is no certificate");
    return this.#credentials;
  }

  async #answer(review: AdmissionReview): Promise<AdmissionAnswer> {
    const servers = isServer(review) ? await this.#servers(review.request.namespace ?? "") : [];
    const answer = answerPolicyReview(review, { servers: () => servers });
    const { allowed, status } = answer.response;
    if (!allowed) {
      const { kind, namespace, name } = review.request;
      const about = { kind: kind.kind, namespace, name, error: status?.message };
      this.#log.info("Refused an object", about);
    }
    return answer;
  }

  /** Asked for each time: one that was made a moment before counts, however many are made at once. */
  async #servers(namespace: string): Promise<readonly NamedServer[]> {
    const { items } = await this.#options.client.list(SERVERS, { namespace });
    return items.flatMap(({ metadata, spec }) =>
      isServerSpec(spec) ? [{ name: metadata?.name ?? "", spec: spec as ServerSpec }] : [],
    );
  }
}

const isServer = ({ apiVersion, request: { kind } }: AdmissionReview): boolean =>
  apiVersion === ADMISSION_VERSION && kind.kind === "Server" && kind.group === POLICY_GROUP;
