/** The identity that a certificate gives its holder: one DNS name of a workload, or one SPIFFE ID, and nothing that looks like one. */

import { isDnsName } from "#lib/addr/dns-name.ts";

/** A longer SPIFFE ID is none (SPIFFE ID §2.3). */
export const SPIFFE_ID_LIMIT_BYTES = 2048;
const SPIFFE_ID = /^spiffe:\/\/[a-z0-9._-]+(\/[A-Za-z0-9._-]+)+$/;
const DOTS = /\/\.{1,2}(\/|$)/;

/** A name out of a certificate's alternative names. */
export interface AlternativeName {
  readonly form: "DNS" | "URI";
  readonly name: string;
}

/**
 * The identity of a certificate: its first DNS or URI name (WIRE4). Undefined where that is no name of a workload, no
 * SPIFFE ID (SPIFFE ID §2), or one SPIFFE ID of several (X.509-SVID §2), and where there is neither.
 */
export function peerIdentity(names: readonly AlternativeName[]): string | undefined {
  const [first] = names;
  if (first === undefined) return undefined;
  const { form, name } = first;
  // Names are compared by their bytes, so of lower case alone.
  if (form === "DNS") return isDnsName(name) ? name : undefined;
  const alone = names.filter((each) => each.form === "URI").length === 1;
  const good = name.length <= SPIFFE_ID_LIMIT_BYTES && SPIFFE_ID.test(name) && !DOTS.test(name);
  return alone && good ? name : undefined;
}
