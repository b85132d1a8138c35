/** What is said of a route to each object that it is attached to: GRPCRoute, HTTPRoute, TLSRoute, TCPRoute (INB12, OUT3). Values in, values out. */

import { isEgressNetwork, isService } from "../core/outbound-backends.ts";
import {
  type BackendRef,
  type GrpcRoute,
  type HttpRoute,
  type ParentRef,
  POLICY_GROUP,
  type StreamRoute,
} from "../core/route.ts";
import { isStronger, type Spoken, spokenOn } from "../core/spoken.ts";
import { holds, type Ports } from "../core/workload.ts";
import {
  ACCEPTED,
  type Condition,
  notAccepted,
  notResolved,
  partlyDropped,
  RESOLVED,
} from "./conditions.ts";

/** A route as far as its status depends on it. */
export type RouteView = Pick<
  HttpRoute | GrpcRoute | StreamRoute,
  "group" | "kind" | "name" | "namespace" | "parents"
> & { readonly rules: readonly RuleView[] };

/** One of its rules. */
export type RuleView = {
  readonly fault: string | undefined;
  /** Which a Server's routes cannot. */
  readonly changesResponses: boolean;
  readonly backends: readonly Omit<BackendRef, "weight" | "filters">[];
};

/** A Service that routes may name. */
export type ServiceFacts = {
  /** Whether it has an address of its own, which routes need. */
  readonly hasAddress: boolean;
  /** Whether it stands for a name of another system, where no requests can be sent to. */
  readonly external: boolean;
  readonly ports: readonly (Port & { readonly port: number })[];
};

type Port = {
  readonly port: number | undefined;
  readonly name?: string | undefined;
  readonly spoken: Spoken;
};

type Name = { readonly name: string; readonly namespace: string };

/** What there is beside the route. */
export interface RouteSurroundings {
  service(at: Name): ServiceFacts | undefined;
  hasServer(at: Name): boolean;
  /** Whether an EgressNetwork is accepted, and its opaque ports; undefined where there is none. */
  egressNetwork(at: Name): { readonly accepted: boolean; readonly opaque: Ports } | undefined;
  /** All routes that name the object as a parent, on whatever port. */
  routesOf(parent: ParentRef): readonly RouteView[];
}

/** What is said to one parent. */
export type ParentStatus = {
  readonly parent: ParentRef;
  readonly conditions: readonly Condition[];
};

/** What is said to each parent that is the mesh's: a Server, a Service or an EgressNetwork. */
export function routeStatus(route: RouteView, around: RouteSurroundings): readonly ParentStatus[] {
  const told = new Set<string>();
  return route.parents.flatMap((parent): ParentStatus[] => {
    const key = parentKey(parent);
    if (told.has(key) || !isOurs(parent)) return [];
    told.add(key);
    return [{ parent, conditions: conditionsTo(parent, route, around) }];
  });
}

/** What tells a parent from others. */
export const parentKey = ({ group, kind, namespace, name, port, section }: ParentRef): string =>
  JSON.stringify([group, kind, namespace, name, port ?? null, section ?? null]);

/** Whether a parent is of a kind that routes of the mesh are attached to: what is said to others is others' to say. */
export const isOurs = (parent: ParentRef): boolean =>
  isServer(parent) || isService(parent) || isEgressNetwork(parent);

/** Whether a reference is to a Server. */
export const isServer = ({ group, kind }: Pick<ParentRef, "group" | "kind">): boolean =>
  kind === "Server" && group === POLICY_GROUP;

function conditionsTo(
  parent: ParentRef,
  route: RouteView,
  around: RouteSurroundings,
): readonly Condition[] {
  const rules = readRules(route, parent);
  const accepted = acceptance(parent, { route, around, rules });
  // A Server's requests stay where they are: backends mean nothing there.
  const refs = isServer(parent) ? [] : [references(parent, route, around)];
  const partly =
    accepted === ACCEPTED && rules.faults.length > 0 ? [partlyDropped(rules.faults)] : [];
  return [accepted, ...refs, ...partly];
}

function acceptance(
  parent: ParentRef,
  from: {
    readonly route: RouteView;
    readonly around: RouteSurroundings;
    readonly rules: Rules;
  },
): Condition {
  const { route, around, rules } = from;
  const ports = portsOf(parent, route, around);
  if (typeof ports === "string") return notAccepted("NoMatchingParent", ports);
  const others = around.routesOf(parent).filter(({ namespace }) => namespace === route.namespace);
  const isTaken = (port: Port): boolean =>
    others.some(
      ({ kind, parents }) =>
        isStronger(kind, route.kind, port.spoken) &&
        parents.some((other) => isSameObject(other, parent) && matches(other, port)),
    );
  if (ports.every(isTaken)) return notAccepted("RouteReasonConflicted");
  if (rules.inForce) return ACCEPTED;
  return notAccepted("UnsupportedValue", rules.faults.join("; "));
}

const isSameObject = (a: ParentRef, b: ParentRef): boolean =>
  a.name === b.name &&
  a.namespace === b.namespace &&
  [isServer, isService, isEgressNetwork].some((is) => is(a) && is(b));

/** An EgressNetwork's ports are all there are: one that is not said is each of them. */
const matches = (parent: ParentRef, { port, name }: Port): boolean =>
  (parent.port === undefined || parent.port === port) &&
  (parent.section === undefined || parent.section === name);

/** Which ports a route is attached to; a text says why there are none. */
function portsOf(
  parent: ParentRef,
  route: RouteView,
  around: RouteSurroundings,
): readonly Port[] | string {
  if (isServer(parent)) return around.hasServer(parent) ? serverPort(parent, route) : "";
  if (isService(parent)) return servicePorts(parent, around.service(parent));
  const network = around.egressNetwork(parent);
  if (network === undefined) return "";
  if (!network.accepted) return "EgressNetwork parent has not been accepted";
  if (parent.section !== undefined) return "an EgressNetwork has no sections";
  const { port } = parent;
  const isOpaque = port !== undefined && holds(network.opaque, port);
  return [{ port, spoken: spokenOn(undefined, isOpaque) }];
}

function serverPort(parent: ParentRef, route: RouteView): readonly Port[] | string {
  if (parent.namespace !== route.namespace) return "a Server takes routes of its own namespace";
  if (parent.port !== undefined || parent.section !== undefined)
    return "a Server has neither ports nor sections";
  if (route.kind === "TLSRoute" || route.kind === "TCPRoute")
    return `a Server takes no ${route.kind}`;
  // Whatever a Server speaks: its HTTPRoutes do not hold beside a GRPCRoute.
  return [{ port: undefined, spoken: "any" }];
}

function servicePorts(parent: ParentRef, service: ServiceFacts | undefined) {
  if (service === undefined) return "";
  if (!service.hasAddress || service.external) return "parent service must have a ClusterIP";
  const ports = service.ports.filter((port) => matches(parent, port));
  return ports.length > 0 ? ports : `parent service has no port ${parent.port ?? parent.section}`;
}

/** The first reference that is wrong says what. */
function references(parent: ParentRef, route: RouteView, around: RouteSurroundings): Condition {
  for (const { backends } of route.rules)
    for (const backend of backends) {
      const wrong = referenceFault(backend, parent, around);
      if (wrong !== undefined) return wrong;
    }
  return RESOLVED;
}

function referenceFault(
  backend: RuleView["backends"][number],
  parent: ParentRef,
  around: RouteSurroundings,
): Condition | undefined {
  const { group, kind, name, namespace, port } = backend;
  const missing = (what: string): Condition => notResolved("BackendNotFound", what);
  if (isService(backend)) {
    const service = around.service(backend);
    if (service === undefined) return missing(`Service ${namespace}/${name} is not there`);
    if (service.external) return missing(`Service ${namespace}/${name} is an ExternalName`);
    return port === undefined ? missing(`no port of Service ${namespace}/${name}`) : undefined;
  }
  if (!isEgressNetwork(backend))
    return notResolved("InvalidKind", `${group || "core"} ${kind} ${name} is no backend`);
  if (around.egressNetwork(backend) === undefined)
    return missing(`EgressNetwork ${namespace}/${name} is not there`);
  const own =
    isEgressNetwork(parent) && parent.name === name && parent.namespace === backend.namespace;
  return own
    ? undefined
    : notResolved(
        "InvalidKind",
        "EgressNetwork backend needs to be on a route that has an EgressNetwork parent",
      );
}

/** What of the rules is in force. */
type Rules = { readonly inForce: boolean; readonly faults: readonly string[] };

function readRules({ kind, rules }: RouteView, parent: ParentRef): Rules {
  const streams = kind === "TLSRoute" || kind === "TCPRoute";
  if (streams && rules.length !== 1)
    return { inForce: false, faults: [`${kind} must have one rule`] };
  const read = rules.map((rule, index) => readRule(rule, { index, inbound: isServer(parent) }));
  return {
    inForce: read.length === 0 || read.some(({ inForce }) => inForce),
    faults: read.flatMap(({ faults }) => faults),
  };
}

/** A rule is in force if a request that it takes can pass: a backend that cannot be read refuses its share. */
function readRule(
  { fault, changesResponses, backends }: RuleView,
  { index, inbound }: { readonly index: number; readonly inbound: boolean },
): Rules {
  const at = `spec.rules[${index}]`;
  if (fault !== undefined) return { inForce: false, faults: [fault] };
  if (inbound)
    return changesResponses
      ? { inForce: false, faults: [`${at}: responses of inbound routes are not changed`] }
      : { inForce: true, faults: [] };
  const faults = backends.flatMap((each) => (each.fault === undefined ? [] : [each.fault]));
  return {
    inForce: backends.length === 0 || faults.length < backends.length,
    faults: faults.map((each) => `${at}: ${each}`),
  };
}
