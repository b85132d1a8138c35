/** Who the other side of a TLS connection shows to be. */

import type { X509Certificate } from "node:crypto";
import type { AlternativeName } from "#lib/identity/peer-identity.ts";
import type { BunSocket } from "./tcp-stream.ts";

/** A workload's RSA key may be so long; a longer one only costs whoever has to check it. */
export const RSA_LIMIT_BITS = 8192;

/** What a certificate says; nothing is said of who vouches for it. */
export interface Peer {
  /** Of DNS and URI form, in order. */
  readonly names: readonly AlternativeName[];
  /** Why it is no workload's, whoever vouches for it; undefined where it may be one. */
  readonly odd: string | undefined;
}

/** Reads the certificate of the other side; undefined where it showed none. */
export function peerOf(socket: BunSocket): Peer | undefined {
  // Its types know only what node:tls has; with `getPeerCertificate` it takes 20 times as long.
  const certificate = socket.getPeerX509Certificate() as X509Certificate | undefined;
  if (certificate === undefined) return undefined;
  return { names: alternativeNames(certificate.subjectAltName ?? ""), odd: oddity(certificate) };
}

function oddity({ ca, publicKey }: X509Certificate): string | undefined {
  if (ca) return "is an authority's";
  const { modulusLength = 0 } = publicKey.asymmetricKeyDetails ?? {};
  return modulusLength > RSA_LIMIT_BITS ? "has a key that is too long" : undefined;
}

/** The names in `subjectAltName`, as `DNS:a, URI:b`; one that has a comma or what cannot be printed is quoted by the runtime. */
function alternativeNames(text: string): AlternativeName[] {
  return text.split(", ").flatMap((each) => {
    const [, form, name] = /^(DNS|URI):(.+)$/.exec(each) ?? [];
    return (form === "DNS" || form === "URI") && name !== undefined ? [{ form, name }] : [];
  });
}
