/** Server: one selector (ADM2), a policy that exists (ADM10) and a protocol, and no second Server for a port (ADM1). */

import { isObject, isText, isTextOrNumber, object, optional, type Shape } from "#lib/k8s/shape.ts";
import { DEFAULT_POLICIES } from "../core/default-policy.ts";
import { PROXY_PROTOCOLS } from "../index/servers.ts";

/** What pods or workloads a Server is for. */
export interface LabelSelector {
  readonly matchLabels?: Readonly<Record<string, string>> | null;
  readonly matchExpressions?: readonly unknown[] | null;
}

/** Its spec. */
export interface ServerSpec {
  readonly port: number | string;
  readonly accessPolicy?: string | null;
  readonly proxyProtocol?: string | null;
  readonly podSelector?: LabelSelector | null;
  readonly externalWorkloadSelector?: LabelSelector | null;
}

/** A Server that is there already. */
export interface NamedServer {
  readonly name: string;
  readonly spec: ServerSpec;
}

const isSelector: Shape = object({
  matchLabels: optional(object({})),
  matchExpressions: optional(Array.isArray),
});

/** Whether a spec can be read. */
export const isServerSpec: Shape = object({
  port: isTextOrNumber,
  accessPolicy: optional(isText),
  proxyProtocol: optional(isText),
  podSelector: optional(isSelector),
  externalWorkloadSelector: optional(isSelector),
});

/** ADM1, ADM2, ADM10; `others` are the Servers of the same namespace. */
export function serverProblems(server: NamedServer, others: readonly NamedServer[]): string[] {
  const { accessPolicy, proxyProtocol, podSelector, externalWorkloadSelector } = server.spec;
  const problems: string[] = [];
  if (isSet(podSelector) === isSet(externalWorkloadSelector))
    problems.push("spec: exactly one of podSelector and externalWorkloadSelector must be set");
  if (isSet(accessPolicy) && !DEFAULT_POLICIES.some((name) => name === accessPolicy))
    problems.push(`spec.accessPolicy: "${accessPolicy}" is none: ${oneOf(DEFAULT_POLICIES)}`);
  // A port whose protocol is not known allows nobody.
  const protocols = Object.keys(PROXY_PROTOCOLS);
  if (isSet(proxyProtocol) && !protocols.includes(proxyProtocol))
    problems.push(`spec.proxyProtocol: "${proxyProtocol}" is none: ${oneOf(protocols)}`);
  const same = others.find(
    (other) => other.name !== server.name && overlap(server.spec, other.spec),
  );
  if (same !== undefined)
    problems.push(
      `spec: Server ${same.name} is for the same port of the same pods: a port has one Server`,
    );
  return problems;
}

const oneOf = (words: readonly string[]): string =>
  `${words.slice(0, -1).join(", ")} or ${words.at(-1)}`;

const isSet = <T>(value: T | null | undefined): value is T => value !== undefined && value !== null;

/**
 * Whether two Servers are surely for one port of some pod: equal ports, and selectors that are equal or of which one
 * selects all. Others may still meet in a pod: the older one counts there, as Linkerd has it.
 */
function overlap(one: ServerSpec, other: ServerSpec): boolean {
  return (
    one.port === other.port &&
    (meet(one.podSelector, other.podSelector) ||
      meet(one.externalWorkloadSelector, other.externalWorkloadSelector))
  );
}

function meet(
  one: LabelSelector | null | undefined,
  other: LabelSelector | null | undefined,
): boolean {
  if (!isSet(one) || !isSet(other)) return false;
  return selectsAll(one) || selectsAll(other) || Bun.deepEquals(plain(one), plain(other));
}

/** The values of a requirement have no order. */
const plain = ({ matchLabels, matchExpressions }: LabelSelector): unknown => ({
  matchLabels: matchLabels ?? {},
  matchExpressions: (matchExpressions ?? []).map((each) =>
    isObject(each) && Array.isArray(each["values"])
      ? { ...each, values: new Set<unknown>(each["values"]) }
      : each,
  ),
});

const selectsAll = ({ matchLabels, matchExpressions }: LabelSelector): boolean =>
  Object.keys(matchLabels ?? {}).length === 0 && (matchExpressions ?? []).length === 0;
