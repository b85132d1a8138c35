/** References of policies: what one is about, and what it refers to. Groups and kinds are read in any case, as Linkerd does. */

import type { PolicyTarget } from "../core/authorization.ts";
import { GATEWAY_GROUP, POLICY_GROUP } from "../core/route.ts";
import type { Fields } from "./fields.ts";

const SERVER = `${POLICY_GROUP}/server`;
const ROUTES: Readonly<Record<string, { group: string; kind: "HTTPRoute" | "GRPCRoute" }>> = {
  [`${POLICY_GROUP}/httproute`]: { group: POLICY_GROUP, kind: "HTTPRoute" },
  [`${GATEWAY_GROUP}/httproute`]: { group: GATEWAY_GROUP, kind: "HTTPRoute" },
  [`${GATEWAY_GROUP}/grpcroute`]: { group: GATEWAY_GROUP, kind: "GRPCRoute" },
};
const CORE_KINDS = ["serviceaccount", "namespace"] as const;
const POLICY_KINDS = ["meshtlsauthentication", "networkauthentication"] as const;

/** A reference to what authenticates; the kind in lower case. */
export type Ref = {
  readonly kind: (typeof CORE_KINDS)[number] | (typeof POLICY_KINDS)[number];
  readonly name: string;
  readonly namespace: string;
};

/** Reads a reference to what authenticates, in the given namespace unless it says another; undefined where its kind is not known. */
export function readRef(fields: Fields, namespace: string): Ref | undefined {
  fields.only("group", "kind", "name", "namespace");
  const group = (fields.text("group") ?? "").toLowerCase();
  const kinds: readonly Ref["kind"][] =
    group === "" || group === "core" ? CORE_KINDS : group === POLICY_GROUP ? POLICY_KINDS : [];
  const kind = kinds.find((each) => each === fields.required("kind").toLowerCase());
  const name = fields.required("name");
  const own = fields.text("namespace") || namespace;
  return kind === undefined || name === "" ? undefined : { kind, name, namespace: own };
}

/** Reads `targetRef`; what is about nothing that is known is a fault. */
export function readTarget(from: Fields): PolicyTarget | undefined {
  const fields = from.object("targetRef");
  if (fields === undefined) return from.fault("targetRef", "is missing");
  fields.only("group", "kind", "name");
  const group = (fields.text("group") ?? "").toLowerCase();
  const kind = `${group}/${fields.required("kind").toLowerCase()}`;
  const name = fields.required("name");
  if (kind === SERVER) return { type: "server", name };
  if (kind === "/namespace" || kind === "core/namespace") return { type: "namespace", name };
  const route = Object.hasOwn(ROUTES, kind) ? ROUTES[kind] : undefined;
  return route === undefined
    ? fields.fault("kind", `is not known here: ${kind}`)
    : { type: "route", ...route, name };
}
