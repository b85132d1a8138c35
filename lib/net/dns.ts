/** Name look-ups for the control plane's addresses. */

import { lookup } from "node:dns/promises";
import { normalizeIp } from "#lib/addr/ip.ts";

/** All addresses of a host, canonical. An address stands for itself, `localhost` for both loopbacks. Rejects where there is none. */
export async function resolveHost(host: string): Promise<readonly string[]> {
  const literal = normalizeIp(host);
  if (literal !== undefined) return [literal];
  if (host === "localhost") return ["127.0.0.1", "::1"];
  const found = await lookup(host, { all: true });
  return found.flatMap(({ address }) => normalizeIp(address) ?? []);
}
