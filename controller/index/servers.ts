/** Servers and rate limits as domain values; an object of any form is read, and what is wrong with it is noted. */

import { type TrustDomain, workloadId } from "#lib/identity/workload-id.ts";
import { isObject } from "#lib/k8s/shape.ts";
import { DEFAULT_POLICIES } from "../core/default-policy.ts";
import type { Aged } from "../core/route.ts";
import type { LabelRequirement, LabelSelector } from "../core/selector.ts";
import type { PortProtocol, RateLimit, RateLimitOverride, Server } from "../core/server.ts";
import { Fields } from "./fields.ts";
import type { KeptPolicy } from "./kept-objects.ts";
import { readRef, readTarget } from "./references.ts";

/** Where faults go to, and where identities are issued. */
export type Reading = { readonly faults: string[]; readonly domain: TrustDomain };

/** What a Server may say is spoken. */
export const PROXY_PROTOCOLS: Readonly<Record<string, PortProtocol>> = {
  unknown: "detect",
  "HTTP/1": "http1",
  "HTTP/2": "http2",
  gRPC: "grpc",
  opaque: "opaque",
  TLS: "tls",
};
const OPERATORS = { In: "in", NotIn: "not-in", Exists: "exists", DoesNotExist: "absent" } as const;
/** What a message can say: 32 bits. */
const RATES = { least: 1, most: 0xffff_ffff };

/** Reads a Server. */
export function toServer(object: KeptPolicy, { faults }: Reading): Server {
  const before = faults.length;
  const fields = new Fields(object.spec, "spec", faults);
  fields.only("podSelector", "externalWorkloadSelector", "port", "proxyProtocol", "accessPolicy");
  return {
    ...agedOf(object),
    labels: object.metadata?.labels ?? {},
    podSelector: readSelector(fields.object("podSelector")),
    externalWorkloadSelector: readSelector(fields.object("externalWorkloadSelector")),
    port: readPort(fields),
    protocol:
      PROXY_PROTOCOLS[fields.word("proxyProtocol", Object.keys(PROXY_PROTOCOLS)) ?? ""] ?? "detect",
    accessPolicy: fields.word("accessPolicy", DEFAULT_POLICIES) ?? "deny",
    fault: faults[before],
  };
}

function readPort(fields: Fields): number | string | undefined {
  const port = fields.raw("port");
  if (typeof port === "number") return port;
  if (typeof port === "string" && port !== "") return /^\d+$/.test(port) ? Number(port) : port;
  return fields.fault("port", "is neither a number nor a name");
}

/** Who made an object when. */
export function agedOf({ metadata }: KeptPolicy): Aged {
  const { name = "", namespace = "", creationTimestamp } = metadata ?? {};
  return { name, namespace, createdMs: Date.parse(creationTimestamp ?? "") || 0 };
}

/** Reads a label selector; a requirement that is not known is left out, so that more is selected. */
export function readSelector(fields: Fields | undefined): LabelSelector | undefined {
  if (fields === undefined) return undefined;
  fields.only("matchLabels", "matchExpressions");
  const labels = fields.raw("matchLabels") ?? {};
  if (!isObject(labels)) fields.fault("matchLabels", "is no object");
  const equal = Object.entries(isObject(labels) ? labels : {}).flatMap(
    ([key, value]): LabelRequirement[] => {
      if (typeof value === "string") return [{ key, operator: "in", values: [value] }];
      fields.fault("matchLabels", "holds what is no text");
      return [];
    },
  );
  const others = fields.objects("matchExpressions").flatMap((each): LabelRequirement[] => {
    each.only("key", "operator", "values");
    const operators = Object.keys(OPERATORS) as (keyof typeof OPERATORS)[];
    const operator = each.word("operator", operators) ?? each.fault("operator", "is missing");
    const key = each.required("key");
    const values = each.texts("values");
    return operator === undefined ? [] : [{ key, operator: OPERATORS[operator], values }];
  });
  return [...equal, ...others];
}

/** Reads an HTTPLocalRateLimitPolicy; what of it cannot be read limits nothing. */
export function toRateLimit(object: KeptPolicy, { faults, domain }: Reading): RateLimit {
  const fields = new Fields(object.spec, "spec", faults);
  const aged = agedOf(object);
  const target = readTarget(fields);
  if (target !== undefined && target.type !== "server")
    fields.fault("targetRef", "names what is no Server");
  fields.only("targetRef", "total", "identity", "overrides");
  return {
    ...aged,
    server: target?.type === "server" ? target.name : undefined,
    total: readRate(fields.object("total")),
    identity: readRate(fields.object("identity")),
    overrides: fields.objects("overrides").flatMap((each): RateLimitOverride[] => {
      each.only("requestsPerSecond", "clientRefs");
      const requestsPerSecond = each.integer("requestsPerSecond", RATES);
      const identities = each.objects("clientRefs").flatMap((ref) => {
        const account = readRef(ref, aged.namespace);
        if (account?.kind === "serviceaccount") return [workloadId(account, domain)];
        return ref.fault("kind", "is no ServiceAccount") ?? [];
      });
      return requestsPerSecond === undefined ? [] : [{ requestsPerSecond, identities }];
    }),
  };
}

function readRate(fields: Fields | undefined): number | undefined {
  fields?.only("requestsPerSecond");
  return fields?.integer("requestsPerSecond", RATES);
}
