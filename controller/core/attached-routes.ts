/** Which routes a client's requests meet at a Service's port: those of its own namespace alone where there are any, else the Service's (OUT3, OUT4). */

import { isEgressNetwork, isService } from "./outbound-backends.ts";
import type { Annotated } from "./outbound-routes.ts";
import {
  byAge,
  type GrpcRoute,
  type HttpRoute,
  type ParentRef,
  type StreamRoute,
} from "./route.ts";
import { kindsOn, type Spoken } from "./spoken.ts";

/** A route of any kind. */
export type AnyRoute = Annotated<HttpRoute | GrpcRoute | StreamRoute>;

/** A port that routes are attached to. */
export type Frontend = {
  readonly kind: "Service" | "EgressNetwork";
  readonly name: string;
  readonly namespace: string;
  readonly port: number;
  /** What the port is called. */
  readonly sections: readonly string[];
  readonly spoken: Spoken;
};

/** Routes of the kind that holds, in order. */
export type RouteSet = {
  readonly http: readonly Annotated<HttpRoute>[];
  readonly grpc: readonly Annotated<GrpcRoute>[];
  readonly tls: readonly Annotated<StreamRoute>[];
  readonly tcp: readonly Annotated<StreamRoute>[];
};

/** Whether a route is attached to a port. */
export const isAttachedTo = ({ route }: AnyRoute, frontend: Frontend): boolean =>
  route.parents.some((parent) => isParent(parent, frontend));

function isParent(parent: ParentRef, frontend: Frontend): boolean {
  const { kind, name, namespace, port, sections } = frontend;
  return (
    (kind === "Service" ? isService(parent) : isEgressNetwork(parent)) &&
    parent.name === name &&
    parent.namespace === namespace &&
    (parent.port === undefined || parent.port === port) &&
    (parent.section === undefined || sections.includes(parent.section))
  );
}

/** Whether it is, and of a kind that can hold there. */
const mayHold = (each: AnyRoute, frontend: Frontend): boolean =>
  kindsOn(frontend.spoken).includes(each.route.kind) && isAttachedTo(each, frontend);

/** The namespace whose routes a client meets: routes of others than the client's and the frontend's hold for nobody here. */
export function namespaceOfRoutes(
  routes: readonly AnyRoute[],
  frontend: Frontend,
  client: string,
): string {
  const own = routes.some((each) => each.route.namespace === client && mayHold(each, frontend));
  return own ? client : frontend.namespace;
}

/** Of the routes of a namespace that are attached to a port those of the strongest kind that can hold there, the older first, then by name. */
export function attachedTo(
  routes: readonly AnyRoute[],
  frontend: Frontend,
  namespace: string,
): RouteSet {
  const all = routes.filter(
    (each) => each.route.namespace === namespace && isAttachedTo(each, frontend),
  );
  const kinds = kindsOn(frontend.spoken);
  const strongest = kinds.find((kind) => all.some(({ route }) => route.kind === kind));
  const attached = all
    .filter(({ route }) => route.kind === strongest)
    .sort((a, b) => byAge(a.route, b.route));
  return {
    http: attached.filter((each): each is Annotated<HttpRoute> => each.route.kind === "HTTPRoute"),
    grpc: attached.filter((each): each is Annotated<GrpcRoute> => each.route.kind === "GRPCRoute"),
    tls: attached.filter((each): each is Annotated<StreamRoute> => each.route.kind === "TLSRoute"),
    tcp: attached.filter((each): each is Annotated<StreamRoute> => each.route.kind === "TCPRoute"),
  };
}
