/** Who may call: a pure decision over authorizations. */

import type { Authentication, Authorization, ServerPolicy } from "./server-policy.ts";

/** What is known of a caller. */
export interface Caller {
  readonly ip: string;
  readonly tls: ClientTls;
}

/** How the caller connected: with a verified identity, with TLS alone, or without. */
export type ClientTls =
  | { readonly type: "identity"; readonly name: string }
  | { readonly type: "unauthenticated" }
  | { readonly type: "none"; readonly reason: "loopback" | "no_tls_from_remote" | "port_skipped" }
  | { readonly type: "opaque"; readonly sni: string };

/** The first authorization that allows the caller; undefined where none does. */
export function authorize(
  { authorizations }: Pick<ServerPolicy, "authorizations">,
  caller: Caller,
): Authorization | undefined {
  return authorizations.find(
    (each) => isInNetworks(each, caller.ip) && isAuthenticated(each.authentication, caller.tls),
  );
}

/** The same for bytes that are no HTTP: nobody sends them to a port that is declared to speak it, past its routes. */
export function authorizeBytes(
  policy: Pick<ServerPolicy, "authorizations" | "protocol">,
  caller: Caller,
): Authorization | undefined {
  switch (policy.protocol.type) {
    case "http1":
    case "http2":
    case "grpc":
      return undefined;
    case "detect":
    case "opaque":
    case "tls":
      return authorize(policy, caller);
  }
}

/** Whether it lets everybody in so that somebody sees who calls. */
export function isAudit({ labels: { group, kind, name } }: Authorization): boolean {
  return group === "" && kind === "default" && name === "audit";
}

function isInNetworks({ networks }: Authorization, ip: string): boolean {
  return networks.some(
    ({ net, except }) => net.contains(ip) && !except.some((each) => each.contains(ip)),
  );
}

function isAuthenticated(authentication: Authentication, tls: ClientTls): boolean {
  switch (authentication.type) {
    case "unauthenticated":
      return true;
    case "tls-unauthenticated":
      return tls.type === "identity" || tls.type === "unauthenticated";
    case "identities":
      return tls.type === "identity" && isNamed(authentication, tls.name);
  }
}

function isNamed(
  { identities, suffixes }: Extract<Authentication, { type: "identities" }>,
  name: string,
): boolean {
  if (identities.has(name)) return true;
  const isUri = name.startsWith("spiffe://");
  return suffixes.some((suffix) => suffix === "" || (!isUri && name.endsWith(`.${suffix}`)));
}
