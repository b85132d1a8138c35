/** A redirection plan as input of iptables-restore and ip6tables-restore, one family each. */

import type { RedirectPlan } from "./plan.ts";

/** Our chains; versioned, so that an upgrade replaces only its own. */
export const CHAINS = { inbound: "BUNKERD_V1_INBOUND", outbound: "BUNKERD_V1_OUTBOUND" } as const;

/** An address family of iptables. */
export type Family = "ipv4" | "ipv6";

/** One multiport match takes 15 ports; a range counts as two. */
const PORTS_OF_A_RULE = 15;

/** What hooks our chains in, as arguments after `-A`, `-C` or `-D`. */
export const JUMPS: readonly (readonly string[])[] = [
  ["PREROUTING", "-j", CHAINS.inbound],
  ["OUTPUT", "-j", CHAINS.outbound],
];

/** The input that makes or refills our chains, with `--noflush`. Jumps are added by `missing` ones only. */
export function iptablesScript(
  plan: RedirectPlan,
  how: { readonly family: Family; readonly jumps: readonly (readonly string[])[] },
): string {
  const nets = plan.skipSubnets.filter((net) => net.includes(":") === (how.family === "ipv6"));
  const inbound = (rule: string): string => `-A ${CHAINS.inbound} ${rule}`;
  const outbound = (rule: string): string => `-A ${CHAINS.outbound} ${rule}`;
  const probe = how.family === "ipv4" ? "192.0.2.1/32" : "2001:db8::1/128";
  const proof = `-d ${probe} -p tcp --dport 4140 -j REDIRECT --to-ports ${plan.outboundPort}`;
  return [
    "*nat",
    `:${CHAINS.inbound} - [0:0]`,
    `:${CHAINS.outbound} - [0:0]`,
    inbound("-i lo -j RETURN"),
    ...ports(plan.skipInbound).map((list) =>
      inbound(`-p tcp -m multiport --dports ${list} -j RETURN`),
    ),
    ...nets.map((net) => inbound(`-s ${net} -j RETURN`)),
    inbound(`-p tcp -j REDIRECT --to-ports ${plan.inboundPort}`),
    outbound(proof),
    outbound(`-m owner --uid-owner ${plan.uid} -j RETURN`),
    outbound("-o lo -j RETURN"),
    ...ports(plan.skipOutbound).map((list) =>
      outbound(`-p tcp -m multiport --dports ${list} -j RETURN`),
    ),
    outbound(`-p tcp -j REDIRECT --to-ports ${plan.outboundPort}`),
    ...how.jumps.map((jump) => `-A ${jump.join(" ")}`),
    "COMMIT",
    "",
  ].join("\n");
}

/** The input that takes our chains away; `jumps` are those that are there. */
export function iptablesRemoval(jumps: readonly (readonly string[])[]): string {
  const chains = Object.values(CHAINS);
  return [
    "*nat",
    // Naming a chain empties it, so that it can be deleted whether it was there or not.
    ...chains.map((chain) => `:${chain} - [0:0]`),
    ...jumps.map((jump) => `-D ${jump.join(" ")}`),
    ...chains.map((chain) => `-X ${chain}`),
    "COMMIT",
    "",
  ].join("\n");
}

function ports(all: readonly string[]): string[] {
  const rules: string[][] = [];
  let room = 0;
  for (const each of all) {
    const cost = each.includes("-") ? 2 : 1;
    if (cost > room) {
      rules.push([]);
      room = PORTS_OF_A_RULE;
    }
    rules.at(-1)?.push(each.replace("-", ":"));
    room -= cost;
  }
  return rules.map((rule) => rule.join(","));
}
