/** Who may call: authorizations as users write them, and as they hold for a Server or a route (INB6, INB7). */

import { type Aged, POLICY_GROUP } from "./route.ts";
import { type LabelSelector, type Labels, selects } from "./selector.ts";

/** What a piece of policy comes from: a name that is made up, or an object. */
export type PolicyRef =
  | { readonly type: "default"; readonly name: string }
  | {
      readonly type: "object";
      readonly group: string;
      readonly kind: string;
      readonly name: string;
    };

/** A network without its holes. */
export type Network = { readonly cidr: string; readonly except: readonly string[] };

/** Names of clients: exact ones, and what names end with; no parts stand for any name. */
export type Identities = {
  readonly names: readonly string[];
  readonly suffixes: readonly (readonly string[])[];
};

/** How a client proves who it is. */
export type Authentication =
  | { readonly type: "unauthenticated" | "tls" }
  | ({ readonly type: "identities" } & Identities);

/** Both must hold: where from, and who. */
export type Authorization = {
  readonly ref: PolicyRef;
  readonly networks: readonly Network[];
  readonly authentication: Authentication;
};

/** Every address. */
export const ANY_NETWORK: readonly Network[] = [
  { cidr: "0.0.0.0/0", except: [] },
  { cidr: "::/0", except: [] },
];

/** A ServerAuthorization: `clients` is undefined where it cannot be read, and then allows nobody. */
export type ServerAuthorization = Aged & {
  /** By name, by labels, or both, which must hold then. */
  readonly server: {
    readonly name: string | undefined;
    readonly selector: LabelSelector | undefined;
  };
  readonly clients:
    | {
        /** Undefined: the cluster's. */
        readonly networks: readonly Network[] | undefined;
        readonly authentication: Authentication;
      }
    | undefined;
};

/** A MeshTLSAuthentication or a NetworkAuthentication by its name, or identities that a reference says itself. */
export type AuthenticationRef =
  | ({ readonly type: "mesh-tls" } & ObjectName)
  | ({ readonly type: "network" } & ObjectName)
  | { readonly type: "identities"; readonly identities: Identities };

type ObjectName = { readonly namespace: string; readonly name: string };

/** What an AuthorizationPolicy is about. */
export type PolicyTarget =
  | { readonly type: "server"; readonly name: string }
  | { readonly type: "namespace"; readonly name: string }
  | {
      readonly type: "route";
      readonly group: string;
      readonly kind: "HTTPRoute" | "GRPCRoute";
      readonly name: string;
    };

/** An AuthorizationPolicy; where a part cannot be read it is undefined, and the policy allows nobody. */
export type AuthorizationPolicy = Aged & {
  readonly target: PolicyTarget | undefined;
  /** All must hold; an empty list authorizes everybody. */
  readonly required: readonly AuthenticationRef[] | undefined;
};

/** Finds what authentications refer to; undefined where it is not there or allows nobody. */
export interface Authentications {
  meshTls(name: ObjectName): Identities | undefined;
  networks(name: ObjectName): readonly Network[] | undefined;
}

/** Whether a ServerAuthorization is about a Server of its namespace. */
export function concerns(
  { server }: ServerAuthorization,
  to: { readonly name: string; readonly labels: Labels },
): boolean {
  const { name, selector } = server;
  if (name === undefined) return selects(selector, to.labels);
  return name === to.name && (selector === undefined || selects(selector, to.labels));
}

/** What a ServerAuthorization allows: from the cluster's networks unless it says others, whereas policies of today are for all. */
export function fromServerAuthorization(
  { name, clients }: ServerAuthorization,
  clusterNetworks: readonly string[],
): Authorization | undefined {
  if (clients === undefined) return undefined;
  const { authentication } = clients;
  const networks = clients.networks ?? clusterNetworks.map((cidr) => ({ cidr, except: [] }));
  if (networks.length === 0) return undefined;
  if (authentication.type === "identities" && !namesAnyone(authentication)) return undefined;
  return { ref: policyRef("serverauthorization", name), networks, authentication };
}

/** What an AuthorizationPolicy allows; undefined where a reference leads nowhere, as it then allows nobody. */
export function fromAuthorizationPolicy(
  { name, required }: AuthorizationPolicy,
  from: Authentications,
): Authorization | undefined {
  if (required === undefined) return undefined;
  const where = required.filter((each) => each.type === "network");
  const who = required.filter((each) => each.type !== "network");
  // Two of one family are refused at admission: which of them would count is nobody's guess.
  if (where.length > 1 || who.length > 1) return undefined;
  const networks = where[0] === undefined ? ANY_NETWORK : (from.networks(where[0]) ?? []);
  const authentication = authenticationOf(who[0], from);
  if (networks.length === 0 || authentication === undefined) return undefined;
  return { ref: policyRef("authorizationpolicy", name), networks, authentication };
}

function authenticationOf(
  ref: AuthenticationRef | undefined,
  from: Authentications,
): Authentication | undefined {
  if (ref === undefined) return { type: "unauthenticated" };
  const identities = ref.type === "identities" ? ref.identities : from.meshTls(ref);
  if (identities === undefined || !namesAnyone(identities)) return undefined;
  return { type: "identities", names: identities.names, suffixes: identities.suffixes };
}

const namesAnyone = ({ names, suffixes }: Identities): boolean =>
  names.length + suffixes.length > 0;

/** An object of `policy.linkerd.io`; the kind as metrics have it: in lower case, but for rate limits. */
export function policyRef(kind: string, name: string): PolicyRef {
  return { type: "object", group: POLICY_GROUP, kind, name };
}
