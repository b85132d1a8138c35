/** What is said of policy objects: whether each is in force, and whether what it refers to is there (INB12). Values in, values out. */

import { type EgressNetwork, egressRefusal } from "../core/egress.ts";
import { oldest, type RateLimit } from "../core/server.ts";

/** By what conditions are told from those of others, as Linkerd's. */
export const CONTROLLER_NAME = "linkerd.io/policy-controller";

/** Why; those of Linkerd, and of the Gateway API where Linkerd has none. */
export type Reason =
  | "Accepted"
  | "ResolvedRefs"
  | "BackendNotFound"
  | "InvalidKind"
  | "NoMatchingParent"
  | "NoMatchingTarget"
  | "RouteReasonConflicted"
  | "RateLimitReasonAlreadyExists"
  | "EgressReasonNetworkOverlap"
  | "UnsupportedValue";

/** One condition; when it came to be is for who writes it to know. */
export type Condition = {
  readonly type: "Accepted" | "ResolvedRefs" | "PartiallyInvalid";
  readonly status: "True" | "False";
  readonly reason: Reason;
  readonly message: string;
};

/** An object is in force. */
export const ACCEPTED: Condition = {
  ...{ type: "Accepted", status: "True", reason: "Accepted", message: "" },
};
/** All that an object refers to is there. */
export const RESOLVED: Condition = {
  ...{ type: "ResolvedRefs", status: "True", reason: "ResolvedRefs", message: "" },
};

/** A message is no longer than this: it may name what users have written without end. */
const MESSAGE_LIMIT = 1_024;

/** An object is not in force. */
export const notAccepted = (reason: Reason, message = ""): Condition => ({
  ...{ type: "Accepted", status: "False", reason, message: message.slice(0, MESSAGE_LIMIT) },
});

/** Something that an object refers to is not there, or cannot be. */
export const notResolved = (reason: Reason, message = ""): Condition => ({
  ...{ type: "ResolvedRefs", status: "False", reason, message: message.slice(0, MESSAGE_LIMIT) },
});

/** Parts of an object that is in force are not; the message begins as the Gateway API wants it. */
export const partlyDropped = (faults: readonly string[]): Condition => ({
  ...{ type: "PartiallyInvalid", status: "True", reason: "UnsupportedValue" },
  message: `Dropped Rule: ${faults.join("; ")}`.slice(0, MESSAGE_LIMIT),
});

/** Of an HTTPLocalRateLimitPolicy: of several for one Server the oldest holds. Undefined where it is about no Server. */
export function rateLimitConditions(
  limit: RateLimit & { readonly fault: string | undefined },
  from: {
    readonly hasServer: boolean;
    /** Those of the same Server. */
    readonly others: readonly RateLimit[];
  },
): readonly Condition[] | undefined {
  if (limit.server === undefined) return undefined;
  if (!from.hasServer) return [notAccepted("NoMatchingTarget")];
  if (oldest([limit, ...from.others]) !== limit)
    return [notAccepted("RateLimitReasonAlreadyExists")];
  return limit.fault === undefined ? [ACCEPTED] : [ACCEPTED, partlyDropped([limit.fault])];
}

/** Of an EgressNetwork: whether it is accepted, and takes routes. */
export function egressCondition(
  network: EgressNetwork,
  from: Parameters<typeof egressRefusal>[1],
): Condition {
  const refusal = egressRefusal(network, from);
  return refusal === undefined ? ACCEPTED : notAccepted(refusal.reason, refusal.message);
}
