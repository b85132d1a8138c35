/** A backend outside of the cluster: a program in the node's network, at an address that no network of the cluster has. */

import { type Bed, must, onNode, ROOT, until } from "../demo/bed.ts";
import { COUNT_PORT, type ServingCertificate } from "./workloads.ts";

/** Its address, and another one of the same program (RFC 5737). */
export const OUTSIDE = "192.0.2.10";
export const ALSO_OUTSIDE = "198.51.100.10";

/** Starts it. `stop` ends it. */
export async function startOutside(
  bed: Bed,
  { key, certificate }: ServingCertificate,
): Promise<{ stop(): void }> {
  for (const address of [OUTSIDE, ALSO_OUTSIDE])
    await must(bed, onNode(bed, ["ip", "address", "add", `${address}/32`, "dev", "lo"]));
  const program = ["node", `${ROOT}/test/scenarios/apps/echo.js`];
  const child = Bun.spawn(onNode(bed, program), {
    env: { ...Bun.env, NAME: "outside", TLS_KEY: key, TLS_CERTIFICATE: certificate },
    stdout: "ignore",
    stderr: "ignore",
  });
  const asked = onNode(bed, ["curl", "-sS", `http://${OUTSIDE}:${COUNT_PORT}/`]);
  await until("the backend outside answers", 10_000, async () => (await must(bed, asked)) !== "");
  return { stop: () => child.kill("SIGKILL") };
}
