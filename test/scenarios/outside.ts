/** A backend outside of the cluster: a program in the node's network, at addresses that no network of the cluster has. */

import { type IpFamily, isIpv6 } from "#lib/addr/ip.ts";
import { type Bed, must, onNode, ROOT, until } from "../demo/bed.ts";
import { COUNT_PORT, type ServingCertificate } from "./workloads.ts";

/** How scenarios call it, by two names, and an address where nobody answers. */
export const OUTSIDE = "outside.test";
export const ALSO_OUTSIDE = "also-outside.test";
export const NOBODY_OUTSIDE = "nobody-outside.test";

/** Addresses of documentation (RFC 5737, 3849), by name. */
const ADDRESSES: Readonly<Record<string, Readonly<Record<IpFamily, string>>>> = {
  [OUTSIDE]: { IPv4: "192.0.2.10", IPv6: "2001:db8:2::10" },
  [ALSO_OUTSIDE]: { IPv4: "198.51.100.10", IPv6: "2001:db8:51::10" },
  [NOBODY_OUTSIDE]: { IPv4: "192.0.2.200", IPv6: "2001:db8:2::200" },
};

/** The address of such a name; undefined where it is none. */
export const outsideAddress = (name: string, family: IpFamily): string | undefined =>
  ADDRESSES[name]?.[family];

/** Starts it. `stop` ends it. */
export async function startOutside(
  bed: Bed,
  { key, certificate }: ServingCertificate,
  families: readonly IpFamily[],
): Promise<{ stop(): void }> {
  const addresses = [OUTSIDE, ALSO_OUTSIDE].flatMap((name) =>
    families.map((family) => outsideAddress(name, family) ?? ""),
  );
  for (const address of addresses) {
    const network = `${address}/${isIpv6(address) ? 128 : 32}`;
    await must(bed, onNode(bed, ["ip", "address", "add", network, "dev", "lo"]));
  }
  const program = ["node", `${ROOT}/test/scenarios/apps/echo.js`];
  const child = Bun.spawn(onNode(bed, program), {
    env: { ...Bun.env, NAME: "outside", TLS_KEY: key, TLS_CERTIFICATE: certificate },
    stdout: "ignore",
    stderr: "ignore",
  });
  const asked = onNode(bed, ["curl", "-sS", OUTSIDE_COUNTS]);
  await until("the backend outside answers", 10_000, async () => (await must(bed, asked)) !== "");
  return { stop: () => child.kill("SIGKILL") };
}

/** Where it says, within the node, what it has counted. */
export const OUTSIDE_COUNTS: string = `http://localhost:${COUNT_PORT}/`;
