/** Who may be named as a client: MeshTLSAuthentication (ADM4) and ServerAuthorization. */

import { isFlag, isText, list, object, optional, type Shape } from "#lib/k8s/shape.ts";
import { isOf, type Reference } from "../core/reference.ts";
import { isNetworks, type Network, networkProblems } from "./networks.ts";
import { isReference } from "./references.ts";

/** Spec of a MeshTLSAuthentication. */
export interface MeshTlsSpec {
  readonly identities?: readonly string[] | null;
  readonly identityRefs?: readonly Reference[] | null;
}

/** Whether a spec can be read. */
export const isMeshTlsSpec: Shape = object({
  identities: optional(list(isText)),
  identityRefs: optional(list(isReference)),
});

const LABEL = "[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?";
const DNS_NAME = new RegExp(`^${LABEL}(\\.${LABEL})*$`);
/** No segment of its path is one or two dots (SPIFFE-ID §2.2). */
const SPIFFE_ID = /^spiffe:\/\/[a-z0-9._-]+(\/(?!\.{1,2}(\/|$))[\w.-]+)*$/;
const NAME_LIMIT = 253;
/** Longer ones need not be understood by anybody (SPIFFE-ID §2.3). */
const SPIFFE_LIMIT = 2048;

/** Whether a text can be the name of clients: any (`*`), by suffix, one by DNS name or by SPIFFE id. */
function isIdentity(text: string): boolean {
  if (text === "*") return true;
  if (text.startsWith("spiffe://")) return text.length <= SPIFFE_LIMIT && SPIFFE_ID.test(text);
  const name = text.startsWith("*.") ? text.slice(2) : text;
  return name.length <= NAME_LIMIT && DNS_NAME.test(name);
}

const identityProblems = (identities: readonly string[], field: string): string[] =>
  identities.flatMap((identity, index) =>
    isIdentity(identity)
      ? []
      : [
          `${field}[${index}]: "${identity}" is no identity: "*", "*.suffix", a DNS name or a SPIFFE id is one`,
        ],
  );

/** ADM4. */
export function meshTlsProblems({ identities, identityRefs }: MeshTlsSpec): string[] {
  const [names, references] = [identities ?? [], identityRefs ?? []];
  if (names.length + references.length === 0)
    return ["spec: it names nobody: identities or identityRefs must have an entry"];
  return [
    ...identityProblems(names, "spec.identities"),
    ...references.flatMap((reference, index) => {
      const problem = referenceProblem(reference);
      return problem === undefined ? [] : [`spec.identityRefs[${index}]: ${problem}`];
    }),
  ];
}

function referenceProblem(reference: Reference): string | undefined {
  if (isOf(reference, "", "ServiceAccount")) return undefined;
  if (!isOf(reference, "", "Namespace"))
    return `a ${reference.kind} has no identity: ServiceAccount or Namespace`;
  return typeof reference.namespace === "string"
    ? `a Namespace is in none: leave namespace ${reference.namespace} out`
    : undefined;
}

/** Spec of a ServerAuthorization. */
export interface ServerAuthorizationSpec {
  readonly client: {
    readonly networks?: readonly Network[] | null;
    readonly unauthenticated?: boolean | null;
    readonly meshTLS?: {
      readonly unauthenticatedTLS?: boolean | null;
      readonly identities?: readonly string[] | null;
      readonly serviceAccounts?: readonly { readonly name: string }[] | null;
    } | null;
  };
}

/** Whether a spec can be read. */
export const isServerAuthorizationSpec: Shape = object({
  client: object({
    networks: optional(isNetworks),
    unauthenticated: optional(isFlag),
    meshTLS: optional(
      object({
        unauthenticatedTLS: optional(isFlag),
        identities: optional(list(isText)),
        serviceAccounts: optional(list(object({ name: isText, namespace: optional(isText) }))),
      }),
    ),
  }),
});

/** What contradicts itself in who is authorized. */
export function serverAuthorizationProblems({ client }: ServerAuthorizationSpec): string[] {
  const { meshTLS, networks, unauthenticated } = client;
  const named = [...(meshTLS?.identities ?? []), ...(meshTLS?.serviceAccounts ?? [])];
  const problems = [
    ...networkProblems(networks ?? [], "spec.client.networks"),
    ...identityProblems(meshTLS?.identities ?? [], "spec.client.meshTLS.identities"),
  ];
  const hasTls = meshTLS !== undefined && meshTLS !== null;
  if (hasTls && unauthenticated === true)
    problems.push("spec.client: who is unauthenticated has no mesh TLS: leave one of them out");
  if (meshTLS?.unauthenticatedTLS === true && named.length > 0)
    problems.push(
      "spec.client.meshTLS: unauthenticatedTLS asks for no name: leave identities and serviceAccounts out",
    );
  if (hasTls && meshTLS.unauthenticatedTLS !== true && named.length === 0)
    problems.push(
      "spec.client.meshTLS: it names nobody: identities, serviceAccounts or unauthenticatedTLS must be set",
    );
  return problems;
}
