/** What an installation was made of: the values that were set, and the certificates that it lives by. */

import { CREATED_BY } from "#lib/k8s/annotations.ts";
import {
  type CertifiedKey,
  createServingCertificate,
  type ServingCertificate,
} from "#lib/k8s/certified-key.ts";
import type { KubeClient } from "#lib/k8s/client.ts";
import { CONFIG_MAPS, type ObjectName, type Resource, SECRETS } from "#lib/k8s/resource.ts";
import type { KubeObject } from "#lib/k8s/types/meta.ts";
import { WEBHOOKS, type Webhook, webhookHost } from "#lib/k8s/webhooks.ts";
import type { Certificates } from "../deploy/certificates.ts";
import { OVERRIDES_SECRET } from "../deploy/control-plane.ts";
import type { Overrides } from "../deploy/values.ts";
import { ISSUER_SECRET } from "./check/config.ts";
import { CommandError } from "./command.ts";

/** What is needed to render it again. */
export interface Installed {
  readonly overrides: Overrides;
  readonly certificates: Certificates;
}

/** The ConfigMap in which an installation notes its values: without it there is none. */
export const CONFIG = "linkerd-config";

/** Whether an object is one of Helm's, which goes on with what it installed itself. */
export function isHelms({ metadata }: KubeObject): boolean {
  return metadata?.labels?.["app.kubernetes.io/managed-by"] === "Helm";
}

/** The cluster's domain, as the installation has it; `cluster.local` where there is none. */
export async function clusterDomain(client: Installation, namespace: string): Promise<string> {
  const config = await client.get(CONFIG_MAPS, { name: CONFIG, namespace });
  const values = JSON.parse(config?.data?.["values"] ?? "{}") as Overrides;
  return values.clusterDomain ?? "cluster.local";
}

/** Where the trust anchors are. */
export const ANCHORS = { name: "linkerd-identity-trust-roots", key: "ca-bundle.crt" } as const;

/** Where an installation is looked up, object by object. */
export type Installation = Pick<KubeClient, "get">;

/** One that was written down. */
export function inManifests(objects: readonly KubeObject[]): Installation {
  return {
    get: <T extends KubeObject>(
      resource: Resource<T>,
      { name, namespace }: ObjectName,
    ): Promise<T | undefined> =>
      Promise.resolve(
        objects.find(
          ({ kind, metadata }) =>
            kind === resource.kind &&
            metadata?.name === name &&
            (!resource.namespaced || metadata.namespace === namespace),
        ) as T | undefined,
      ),
  };
}

/** Reads both from where they are. Throws CommandError where there is no installation, or a part of it is missing. */
export async function readInstalled(
  client: Installation,
  { namespace, wallMs }: { readonly namespace: string; readonly wallMs: number },
): Promise<Installed> {
  const config = await client.get(CONFIG_MAPS, { name: CONFIG, namespace });
  // Helm keeps what was set itself, and would undo what others change.
  if (config !== undefined && isHelms(config))
    throw new CommandError(
      `Cannot go on from the installation in namespace ${namespace}: it is Helm's; helm upgrade changes it`,
    );
  if (config?.data?.["values"] === undefined)
    throw missing(namespace, `values of ConfigMap ${CONFIG}`);
  const text = new Texts(client, namespace);
  const overrides = JSON.parse(await text.secret(OVERRIDES_SECRET, OVERRIDES_SECRET)) as Overrides;
  const serving = (webhook: Webhook): Promise<ServingCertificate> =>
    servingCertificate(client, { webhook, namespace, wallMs });
  const certificates: Certificates = {
    // Others' can be out of sight, as in manifests.
    anchorsPem: await text.configMap(ANCHORS, overrides.identity?.externalCA ? "" : undefined),
    issuer: await readIssuer(text, overrides),
    proxyInjector: await serving(WEBHOOKS.proxyInjector),
    policyValidator: await serving(WEBHOOKS.policyValidator),
    profileValidator: await serving(WEBHOOKS.profileValidator),
  };
  return { overrides, certificates };
}

/** The issuer; undefined where others wrote its Secret: what was made here says so. */
async function readIssuer(text: Texts, overrides: Overrides): Promise<CertifiedKey | undefined> {
  if (await text.isOthers(ISSUER_SECRET)) return undefined;
  const isKubernetes = overrides.identity?.issuer?.scheme === "kubernetes.io/tls";
  return {
    crtPem: await text.secret(ISSUER_SECRET, isKubernetes ? "tls.crt" : "crt.pem"),
    keyPem: await text.secret(ISSUER_SECRET, isKubernetes ? "tls.key" : "key.pem"),
  };
}

/** What a webhook serves with, as long as the API server knows by what to verify it; else a new one, as for one that an earlier version did not have. */
async function servingCertificate(
  client: Installation,
  of: { readonly webhook: Webhook; readonly namespace: string; readonly wallMs: number },
): Promise<ServingCertificate> {
  const { webhook, namespace, wallMs } = of;
  const { resource, name } = webhook.configuration;
  const secret = await client.get(SECRETS, { name: webhook.secret, namespace });
  const configuration = await client.get(resource, { name });
  const { "tls.crt": crt, "tls.key": key } = secret?.data ?? {};
  const ca = configuration?.webhooks?.[0]?.clientConfig.caBundle;
  if (crt === undefined || key === undefined || ca === undefined)
    return createServingCertificate(webhookHost(webhook, namespace), wallMs);
  return { crtPem: decoded(crt), keyPem: decoded(key), caPem: decoded(ca) };
}

const decoded = (base64: string): string => Buffer.from(base64, "base64").toString();

/** Texts in the control plane's namespace. */
class Texts {
  readonly #client: Installation;
  readonly #namespace: string;

  constructor(client: Installation, namespace: string) {
    this.#client = client;
    this.#namespace = namespace;
  }

  /** A ConfigMap's; where that is missing `otherwise`, if there is one. */
  async configMap({ name, key }: typeof ANCHORS, otherwise?: string): Promise<string> {
    const found = await this.#client.get(CONFIG_MAPS, { name, namespace: this.#namespace });
    return found?.data?.[key] ?? otherwise ?? this.#missing(`${key} of ConfigMap ${name}`);
  }

  async secret(name: string, key: string): Promise<string> {
    const found = await this.#client.get(SECRETS, { name, namespace: this.#namespace });
    return decoded(found?.data?.[key] ?? this.#missing(`${key} of Secret ${name}`));
  }

  /** Whether a Secret is there that is of no installation's manifests. */
  async isOthers(name: string): Promise<boolean> {
    const found = await this.#client.get(SECRETS, { name, namespace: this.#namespace });
    return found !== undefined && found.metadata?.annotations?.[CREATED_BY] === undefined;
  }

  #missing(what: string): never {
    throw missing(this.#namespace, what);
  }
}

function missing(namespace: string, what: string): CommandError {
  return new CommandError(
    `Cannot find an installation in namespace ${namespace}: ${what} is missing; bunkerd install prints a new one`,
  );
}
