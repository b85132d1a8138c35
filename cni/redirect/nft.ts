/** A redirection plan as an nftables script, applied atomically inside the pod's network namespace. */

import type { RedirectPlan } from "./plan.ts";

/** The table; versioned, so that an upgrade replaces only its own. */
export const TABLE = "bunkerd_v1";

/** The script that replaces our table, both families at once; IPv6 is left alone where nobody listens for it. */
export function nftScript(plan: RedirectPlan, { ipv6 = true }: { ipv6?: boolean } = {}): string {
  const family = ipv6 ? [] : ["    meta nfproto ipv6 return"];
  const { uid, skipInbound, skipOutbound, skipSubnets } = plan;
  return [
    `add table inet ${TABLE}`,
    `delete table inet ${TABLE}`,
    `table inet ${TABLE} {`,
    "  chain in {",
    "    type nat hook prerouting priority -100; policy accept;",
    ...family,
    '    iifname "lo" return',
    `    tcp dport { ${skipInbound.join(", ")} } return`,
    ...skipSubnets.map((net) => `    ${net.includes(":") ? "ip6" : "ip"} saddr ${net} return`),
    `    meta l4proto tcp redirect to :${plan.inboundPort}`,
    "  }",
    "  chain out {",
    "    type nat hook output priority -100; policy accept;",
    ...family,
    `    ip daddr 192.0.2.1 tcp dport 4140 redirect to :${plan.outboundPort}`,
    `    ip6 daddr 2001:db8::1 tcp dport 4140 redirect to :${plan.outboundPort}`,
    `    meta skuid ${uid} return`,
    '    oifname "lo" return',
    ...(skipOutbound.length === 0 ? [] : [`    tcp dport { ${skipOutbound.join(", ")} } return`]),
    `    meta l4proto tcp redirect to :${plan.outboundPort}`,
    "  }",
    "}",
    "",
  ].join("\n");
}
