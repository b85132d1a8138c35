/** The release of the Gateway API as Go's module proxy has it. */

import { readdirSync, readFileSync } from "node:fs";
import { $ } from "bun";
import { type CHANNELS, distil, GATEWAY_API_VERSION } from "./distil.ts";

const MODULE = `sigs.k8s.io/gateway-api@v${GATEWAY_API_VERSION}`;

/** Where Go keeps it, downloaded if it is not there yet. Throws with what Go says. */
export async function downloadRelease(): Promise<string> {
  const { Dir } = (await $`go mod download -json ${MODULE}`.json()) as { readonly Dir: string };
  return Dir;
}

/** The definitions of a channel in it, a line each. */
export function readDefinitions(folder: string, channel: (typeof CHANNELS)[number]): string[] {
  const path = `${folder}/config/crd/${channel}`;
  return readdirSync(path)
    .filter((name) => name.endsWith(".yaml"))
    .toSorted()
    .flatMap((name) => distil(readFileSync(`${path}/${name}`, "utf8")));
}
