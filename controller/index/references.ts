/** References of policies: what one is about, and what it refers to. Groups and kinds are read in any case, as Linkerd does. */

import type { PolicyTarget } from "../core/authorization.ts";
import type { Fields } from "./fields.ts";

const POLICY = "policy.linkerd.io";
const GATEWAY = "gateway.networking.k8s.io";
const SERVER = `${POLICY}/server`;
const ROUTES: Readonly<Record<string, { group: string; kind: "HTTPRoute" | "GRPCRoute" }>> = {
  [`${POLICY}/httproute`]: { group: POLICY, kind: "HTTPRoute" },
  [`${GATEWAY}/httproute`]: { group: GATEWAY, kind: "HTTPRoute" },
  [`${GATEWAY}/grpcroute`]: { group: GATEWAY, kind: "GRPCRoute" },
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
    group === "" || group === "core" ? CORE_KINDS : group === POLICY ? POLICY_KINDS : [];
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
