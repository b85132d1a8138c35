/** Where rules lead: references with what is there, and what is not (OUT6, OUT7, OUT9). */

import type { Endpoint } from "./endpoint.ts";
import { type BackendRef, POLICY_GROUP, type RouteFilter } from "./route.ts";
import type { LoadPenalty, ParentTraffic } from "./traffic.ts";

/** Where something comes from: an object, or what is made up. */
export type OutboundRef =
  | { readonly type: "default"; readonly name: string }
  | {
      readonly type: "object";
      readonly group: string;
      readonly kind: string;
      readonly name: string;
      readonly namespace: string;
      /** 0: none. */
      readonly port: number;
    };

/** A request or a connection that goes nowhere. */
export type Refusal = {
  readonly type: "refuse";
  /** `backend`: where it should go is not there; `rule`: what holds for it is not known; `forbidden`: it may not go. */
  readonly why: "backend" | "rule" | "forbidden";
  readonly message: string;
};

/** What is done on the way out. */
export type OutboundFilter = RouteFilter | Refusal;

/** Where requests go; `none` takes none. */
export type OutboundTarget =
  | {
      readonly type: "balancer";
      readonly name: string;
      readonly namespace: string;
      readonly port: number;
      readonly load: LoadPenalty | undefined;
    }
  | {
      readonly type: "forward";
      readonly ip: string;
      readonly port: number;
      /** What is known of whom it reaches. */
      readonly endpoint?: Endpoint | undefined;
    }
  | { readonly type: "none" };

/** One place to go to. */
export type OutboundBackend = {
  readonly ref: OutboundRef;
  readonly target: OutboundTarget;
  readonly filters: readonly OutboundFilter[];
  readonly weight: number;
};

/** What routes are attached to. */
export type OutboundParent = {
  readonly ref: OutboundRef & { readonly type: "object" };
  readonly target: OutboundTarget;
  readonly traffic: ParentTraffic;
};

/** What references of routes may lead to. */
export interface BackendObjects {
  hasService(at: { readonly name: string; readonly namespace: string }): boolean;
  hasEgressNetwork(at: { readonly name: string; readonly namespace: string }): boolean;
}

/** What routes are resolved with. */
export type Resolving = { readonly parent: OutboundParent; readonly objects: BackendObjects };

const NOWHERE: OutboundTarget = { type: "none" };
const INVALID: OutboundRef = { type: "default", name: "invalid" };
const SERVICE_GROUPS = ["", "core"];

type Kinded = { readonly group: string; readonly kind: string };

/** Whether a reference is to a Service. */
export const isService = ({ group, kind }: Kinded): boolean =>
  kind === "Service" && SERVICE_GROUPS.includes(group);

/** Whether a reference is to an EgressNetwork. */
export const isEgressNetwork = ({ group, kind }: Kinded): boolean =>
  kind === "EgressNetwork" && group === POLICY_GROUP;

/** Where what names no backend of its own goes. */
export const parentBackend = ({ ref, target }: OutboundParent): OutboundBackend => ({
  ref,
  target,
  filters: [],
  weight: 1,
});

/** Connections have no failures to weigh (OUT7). */
export function withoutLoad(parent: OutboundParent): OutboundParent {
  const { target, traffic } = parent;
  return {
    ...parent,
    target: target.type === "balancer" ? { ...target, load: undefined } : target,
    traffic: { ...traffic, load: undefined },
  };
}

/** A rule that lets nothing pass: by its filter, and for those who do not know it by leading nowhere. */
export const refused = (
  refusal: Refusal,
): {
  readonly filters: readonly OutboundFilter[];
  readonly shared: false;
  readonly backends: readonly OutboundBackend[];
} => ({
  filters: [refusal],
  shared: false,
  backends: [{ ref: INVALID, target: NOWHERE, filters: [], weight: 1 }],
});

/** Resolves a reference of a rule. */
export function resolveBackend(backend: BackendRef, by: Resolving): OutboundBackend {
  const { group, kind, name, weight } = backend;
  if (backend.fault !== undefined) return bad(weight, backend.fault);
  if (isService(backend)) return serviceBackend(backend, by);
  if (isEgressNetwork(backend)) return egressBackend(backend, by);
  return bad(weight, `unsupported backend type ${group || "core"} ${kind} ${name}`);
}

function serviceBackend(
  { name, namespace, port, weight, filters }: BackendRef,
  { parent, objects }: Resolving,
): OutboundBackend {
  if (port === undefined) return bad(weight, `missing port for backend Service ${name}`);
  const ref = { type: "object", group: "core", kind: "Service", name, namespace, port } as const;
  if (!objects.hasService({ name, namespace }))
    return bad(weight, `Service not found ${name}`, ref);
  const { load } = parent.traffic;
  return { ref, target: { type: "balancer", name, namespace, port, load }, filters, weight };
}

/** An EgressNetwork leads where the client was going, and only what is attached to it may be sent there. */
function egressBackend(
  { name, namespace, weight, filters }: BackendRef,
  { parent, objects }: Resolving,
): OutboundBackend {
  const { port } = parent.ref;
  const kinded = { group: POLICY_GROUP, kind: "EgressNetwork" };
  const ref: OutboundRef = { type: "object", ...kinded, name, namespace, port };
  if (!objects.hasEgressNetwork({ name, namespace }))
    return bad(weight, `EgressNetwork not found ${name}`, ref);
  if (!isEgressNetwork(parent.ref))
    return bad(weight, "EgressNetwork backends attach to EgressNetwork parents only", ref);
  if (parent.ref.name !== name || parent.ref.namespace !== namespace)
    return bad(
      weight,
      "Route with EgressNetwork backend needs to have the same EgressNetwork as a parent",
      ref,
    );
  return { ref, target: parent.target, filters, weight };
}

/** Keeps its share of requests, and fails it (OUT9). */
const bad = (weight: number, message: string, ref: OutboundRef = INVALID): OutboundBackend => ({
  ref,
  target: NOWHERE,
  filters: [{ type: "refuse", why: "backend", message }],
  weight,
});
