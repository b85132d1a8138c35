/** The configuration that the mesh was installed with, as far as checks read it. */

import { CONFIG_MAPS, SECRETS } from "#lib/k8s/resource.ts";
import { expectThat, type Target } from "./check.ts";

/** Where the issuer's certificate and key are. */
export const ISSUER_SECRET = "linkerd-identity-issuer";

/** Part of ConfigMap linkerd-config's `values`. */
export type InstalledValues = {
  readonly linkerdVersion: string;
  readonly clusterNetworks: string;
  /** Whether replicas are kept apart from each other. */
  readonly isHighlyAvailable: boolean;
};

/** Reads ConfigMap linkerd-config. Throws where it is missing or cannot be read. */
export async function readValues({ client, linkerdNamespace }: Target): Promise<InstalledValues> {
  const name = { name: "linkerd-config", namespace: linkerdNamespace };
  const map = await client.get(CONFIG_MAPS, name);
  expectThat(map !== undefined, 'configmaps "linkerd-config" not found');
  try {
    const {
      linkerdVersion = "",
      clusterNetworks = "",
      enablePodAntiAffinity: isHighlyAvailable = false,
    } = JSON.parse(map.data?.["values"] ?? "") as Partial<InstalledValues> & {
      readonly enablePodAntiAffinity?: boolean;
    };
    return { linkerdVersion, clusterNetworks, isHighlyAvailable };
  } catch (cause) {
    throw new Error('the key "values" of ConfigMap linkerd-config is no JSON', { cause });
  }
}

/** The PEM of the trust anchors. */
export async function readAnchors({ client, linkerdNamespace }: Target): Promise<string> {
  const name = { name: "linkerd-identity-trust-roots", namespace: linkerdNamespace };
  const pem = (await client.get(CONFIG_MAPS, name))?.data?.["ca-bundle.crt"];
  expectThat(
    pem !== undefined,
    'key "ca-bundle.crt" of ConfigMap linkerd-identity-trust-roots needs to exist',
  );
  return pem;
}

/** A certificate and its key out of a Secret, whichever of both schemes it follows. */
export async function readCertificate(
  { client, linkerdNamespace }: Target,
  name: string,
): Promise<{ readonly crtPem: string; readonly keyPem: string }> {
  const secret = await client.get(SECRETS, { name, namespace: linkerdNamespace });
  expectThat(secret !== undefined, `secrets "${name}" not found`);
  const read = (...keys: string[]): string => {
    const found = keys.flatMap((key) => secret.data?.[key] ?? [])[0];
    expectThat(found !== undefined, `key ${keys.join(" or ")} of Secret ${name} needs to exist`);
    return Buffer.from(found, "base64").toString();
  };
  return { crtPem: read("crt.pem", "tls.crt"), keyPem: read("key.pem", "tls.key") };
}
