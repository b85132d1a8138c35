/** Authorizations and authentications as domain values: what of them cannot be read allows nobody. */

import { Cidr } from "#lib/addr/cidr.ts";
import { type TrustDomain, workloadId } from "#lib/identity/workload-id.ts";
import type {
  Authentication,
  AuthenticationRef,
  AuthorizationPolicy,
  Identities,
  Network,
  ServerAuthorization,
} from "../core/authorization.ts";
import { Fields } from "./fields.ts";
import type { KeptPolicy } from "./kept-objects.ts";
import { readRef, readTarget } from "./references.ts";
import { agedOf, type Reading, readSelector } from "./servers.ts";

/** Reads a ServerAuthorization. */
export function toServerAuthorization(object: KeptPolicy, reading: Reading): ServerAuthorization {
  const { faults } = reading;
  const before = faults.length;
  const fields = new Fields(object.spec, "spec", faults);
  const aged = agedOf(object);
  fields.only("server", "client");
  const server = fields.object("server");
  const client = fields.object("client");
  server?.only("name", "selector");
  const selected = {
    name: server?.text("name"),
    selector: readSelector(server?.object("selector")),
  };
  const clients = client === undefined ? undefined : readClients(client, { ...reading, ...aged });
  return { ...aged, server: selected, clients: faults.length === before ? clients : undefined };
}

function readClients(
  fields: Fields,
  from: Reading & { readonly namespace: string },
): ServerAuthorization["clients"] {
  fields.only("networks", "unauthenticated", "meshTLS");
  const networks =
    fields.raw("networks") === undefined ? undefined : readNetworks(fields, from.faults);
  const unauthenticated = fields.flag("unauthenticated") === true;
  const meshTls = fields.object("meshTLS");
  const authentication = meshTls && readMeshTls(meshTls, from);
  if (unauthenticated) return { networks, authentication: { type: "unauthenticated" } };
  return authentication && { networks, authentication };
}

function readMeshTls(
  fields: Fields,
  { namespace, domain }: Reading & { readonly namespace: string },
): Authentication | undefined {
  fields.only("unauthenticatedTLS", "identities", "serviceAccounts");
  const { names, suffixes } = identitiesOf(fields);
  const accounts = fields.objects("serviceAccounts").map((each) => {
    each.only("name", "namespace");
    const account = { name: each.required("name"), namespace: each.text("namespace") || namespace };
    return workloadId(account, domain);
  });
  if (fields.flag("unauthenticatedTLS") === true) return { type: "tls" };
  return { type: "identities", names: [...names, ...accounts], suffixes };
}

/** `*` is anyone, `*.a.b` ends with `.a.b`, anything else is a whole name. */
function identitiesOf(fields: Fields): Identities {
  const names: string[] = [];
  const suffixes: (readonly string[])[] = [];
  for (const name of fields.texts("identities")) {
    if (name === "*") suffixes.push([]);
    else if (/^\*(?:\.[^.*]+)+$/.test(name)) suffixes.push(name.split(".").slice(1));
    else if (name === "" || name.includes("*"))
      fields.fault("identities", `holds what is no name: ${name}`);
    else names.push(name);
  }
  return { names, suffixes };
}

/** Networks and their holes; one that cannot be read whole is left out. */
function readNetworks(from: Fields, faults: readonly string[]): readonly Network[] {
  return from.objects("networks").flatMap((fields): Network[] => {
    const before = faults.length;
    fields.only("cidr", "except");
    const cidr = fields.required("cidr");
    const except = fields.texts("except");
    if ([cidr, ...except].some((each) => Cidr.parse(each) === undefined))
      fields.fault("cidr", "or what is excepted is no network");
    return faults.length === before ? [{ cidr, except }] : [];
  });
}

/** Reads an AuthorizationPolicy. */
export function toAuthorizationPolicy(object: KeptPolicy, reading: Reading): AuthorizationPolicy {
  const { faults, domain } = reading;
  const before = faults.length;
  const fields = new Fields(object.spec, "spec", faults);
  const aged = agedOf(object);
  fields.only("targetRef", "requiredAuthenticationRefs");
  const target = readTarget(fields);
  if (target?.type === "namespace" && target.name !== aged.namespace)
    fields.fault("targetRef", "names another namespace");
  if (fields.raw("requiredAuthenticationRefs") === undefined)
    fields.fault("requiredAuthenticationRefs", "is missing: an empty list authorizes everybody");
  const required = fields
    .objects("requiredAuthenticationRefs")
    .flatMap((each) => readRequired(each, { namespace: aged.namespace, domain }) ?? []);
  return { ...aged, target, required: faults.length === before ? required : undefined };
}

function readRequired(
  fields: Fields,
  { namespace, domain }: { readonly namespace: string; readonly domain: TrustDomain },
): AuthenticationRef | undefined {
  const ref = readRef(fields, namespace);
  switch (ref?.kind) {
    case "serviceaccount": {
      const identities = { names: [workloadId(ref, domain)], suffixes: [] };
      return { type: "identities", identities };
    }
    case "meshtlsauthentication":
      return { type: "mesh-tls", namespace: ref.namespace, name: ref.name };
    case "networkauthentication":
      return { type: "network", namespace: ref.namespace, name: ref.name };
    case "namespace":
    case undefined:
      return fields.fault("kind", "authenticates nobody");
  }
}

/** Reads a MeshTLSAuthentication. Its entries are alternatives: one that cannot be read is left out. */
export function toMeshTlsAuthentication(
  object: KeptPolicy,
  { faults, domain }: Reading,
): Identities {
  const fields = new Fields(object.spec, "spec", faults);
  const before = faults.length;
  fields.only("identities", "identityRefs");
  if (faults.length > before) return { names: [], suffixes: [] };
  const { names, suffixes } = identitiesOf(fields);
  const { namespace } = agedOf(object);
  const more = fields
    .objects("identityRefs")
    .map((each) => readIdentityRef(each, { namespace, domain, faults }));
  return {
    names: [...names, ...more.flatMap((each) => each.names)],
    suffixes: [...suffixes, ...more.flatMap((each) => each.suffixes)],
  };
}

function readIdentityRef(
  fields: Fields,
  { namespace, domain, faults }: Reading & { readonly namespace: string },
): Identities {
  const before = faults.length;
  const ref = readRef(fields, namespace);
  const known = faults.length === before;
  if (known && ref?.kind === "serviceaccount")
    return { names: [workloadId(ref, domain)], suffixes: [] };
  if (known && ref?.kind === "namespace")
    return { names: [], suffixes: [suffixOf(ref.name, domain)] };
  fields.fault("kind", "is neither ServiceAccount nor Namespace");
  return { names: [], suffixes: [] };
}

/** What the names of a namespace's accounts end with. */
function suffixOf(namespace: string, domain: TrustDomain): readonly string[] {
  return workloadId({ name: "", namespace }, domain).split(".").slice(1);
}

/** Reads a NetworkAuthentication. */
export function toNetworkAuthentication(
  object: KeptPolicy,
  { faults }: Reading,
): readonly Network[] {
  const fields = new Fields(object.spec, "spec", faults);
  const before = faults.length;
  fields.only("networks");
  return faults.length > before ? [] : readNetworks(fields, faults);
}
