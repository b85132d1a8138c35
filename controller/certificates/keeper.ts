/** Renews a webhook's certificate for as long as it leads, step by step. */

import { createServingCertificate, type ServingCertificate } from "#lib/k8s/certified-key.ts";
import type { KubeClient } from "#lib/k8s/client.ts";
import { KubeError } from "#lib/k8s/kube-error.ts";
import type { Leadership } from "#lib/k8s/lease-elector.ts";
import { SECRETS } from "#lib/k8s/resource.ts";
import type { WebhookConfiguration } from "#lib/k8s/types/admission.ts";
import type { Secret } from "#lib/k8s/types/core.ts";
import { type Webhook, webhookHost } from "#lib/k8s/webhooks.ts";
import type { Logger } from "#lib/log/logger.ts";
import type { Clock } from "#lib/time/clock.ts";
import { type CertificateStep, planCertificate } from "./plan.ts";

/** How often the objects are looked at. */
export const LOOK_MS = 30_000;

/** Whose certificate, and with what. */
export type KeeperOptions = {
  readonly client: Pick<KubeClient, "get" | "replace">;
  readonly clock: Clock;
  readonly log: Logger;
  readonly webhook: Webhook;
  /** Where its Service and its Secret are. */
  readonly namespace: string;
};

/** Looks now and then, until the leadership ends. Nothing outlives it: a successor sees it all in the objects. */
export class CertificateKeeper {
  readonly #options: KeeperOptions;
  readonly #leadership: Leadership;
  #pair: ServingCertificate | undefined;
  #served: Sighting | undefined;
  #trusted: Sighting | undefined;
  #said = "";

  constructor(options: KeeperOptions, leadership: Leadership) {
    this.#options = options;
    this.#leadership = leadership;
  }

  /** Looks once, and then every so often while it leads. */
  start(): void {
    const { clock } = this.#options;
    // `look` never rejects.
    void this.look().then(() => {
      if (!this.#leadership.holds) return;
      clock.after(LOOK_MS, () => this.start());
    });
  }

  /** Takes every step that is due now. */
  async look(): Promise<void> {
    try {
      while (this.#leadership.holds && (await this.#step()));
    } catch (error) {
      const conflict = error instanceof KubeError && error.code === "conflict";
      if (!conflict) this.#say("warn", `Cannot renew certificate of webhook: ${String(error)}`);
    }
  }

  /** One look and one step; false where there is nothing more to do now. */
  async #step(): Promise<boolean> {
    const { client, clock, log, webhook, namespace } = this.#options;
    const { resource, name } = webhook.configuration;
    const [secret, configuration] = await Promise.all([
      client.get(SECRETS, { name: webhook.secret, namespace }),
      client.get(resource, { name }),
    ]);
    if (secret === undefined || configuration === undefined) return false;
    const served = {
      crtPem: decoded(secret.data?.["tls.crt"]),
      keyPem: decoded(secret.data?.["tls.key"]),
      caPem: decoded(secret.data?.["ca.crt"]),
      bundlePem: decoded(configuration.webhooks?.[0]?.clientConfig.caBundle),
    };
    const nowMs = clock.now();
    this.#served = sight(this.#served, served.crtPem, nowMs);
    this.#trusted = sight(this.#trusted, served.bundlePem, nowMs);
    const seen = { nowMs, servedMs: this.#served.sinceMs, trustedMs: this.#trusted.sinceMs };
    const how = {
      host: webhookHost(webhook, namespace),
      wallMs: clock.wall(),
      seen,
      pair: this.#pair,
    };
    const step = planCertificate(served, how);
    this.#say("info", SENTENCES[step.type]);
    // A look takes its time: whether it leads is asked again, and what is replaced is named by its version.
    if (!this.#leadership.holds) return false;
    const took = await this.#take(step, { secret, configuration });
    if (took) log.debug("Webhook certificate", { webhook: webhook.name, step: step.type });
    return took;
  }

  async #take(
    step: CertificateStep,
    {
      secret,
      configuration,
    }: { readonly secret: Secret; readonly configuration: WebhookConfiguration },
  ): Promise<boolean> {
    const { client, clock, webhook, namespace } = this.#options;
    switch (step.type) {
      case "make":
        this.#pair = createServingCertificate(webhookHost(webhook, namespace), clock.wall());
        return true;
      case "trust":
      case "forget":
        await client.replace(
          webhook.configuration.resource,
          verifiedBy(configuration, step.bundlePem),
        );
        return true;
      case "serve":
        await client.replace(SECRETS, servedBy(secret, step.pair));
        this.#pair = undefined;
        return true;
      case "rest":
      case "foreign":
        // What was made is not needed any more, and would be old when it is.
        this.#pair = undefined;
        return false;
      case "wait":
        return false;
    }
  }

  /** Each sentence once, until there is another one to say. */
  #say(level: "info" | "warn", sentence: string): void {
    if (sentence === this.#said) return;
    this.#said = sentence;
    const { log, webhook } = this.#options;
    log[level](sentence, { webhook: webhook.name });
  }
}

const SENTENCES: Readonly<Record<CertificateStep["type"], string>> = {
  rest: "Certificate of the webhook is good",
  foreign: "Certificate of the webhook is a user's own and not renewed here",
  make: "Certificate of the webhook is to be renewed",
  trust: "New authority of the webhook is made known to the API server",
  wait: "New certificate of the webhook is waited for everywhere",
  serve: "New certificate of the webhook is given to all replicas",
  forget: "Old authority of the webhook is forgotten",
};

/** A text, and since when it has been there. */
type Sighting = { readonly text: string; readonly sinceMs: number };

const sight = (before: Sighting | undefined, text: string, nowMs: number): Sighting =>
  before?.text === text ? before : { text, sinceMs: nowMs };

function verifiedBy(configuration: WebhookConfiguration, bundlePem: string): WebhookConfiguration {
  const caBundle = encoded(bundlePem);
  const webhooks = (configuration.webhooks ?? []).map((each) => ({
    ...each,
    clientConfig: { ...each.clientConfig, caBundle },
  }));
  return { ...configuration, webhooks };
}

function servedBy(secret: Secret, { crtPem, keyPem, caPem }: ServingCertificate): Secret {
  const own = { "tls.crt": encoded(crtPem), "tls.key": encoded(keyPem), "ca.crt": encoded(caPem) };
  return { ...secret, data: { ...secret.data, ...own } };
}

const encoded = (text: string): string => Buffer.from(text).toString("base64");
const decoded = (base64: string | undefined): string =>
  Buffer.from(base64 ?? "", "base64").toString();
