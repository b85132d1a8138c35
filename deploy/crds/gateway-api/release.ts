/** The release of the Gateway API as Go's module proxy has it. */

import { readdirSync, readFileSync } from "node:fs";
import { goModule } from "../../go.ts";
import { type CHANNELS, distil, GATEWAY_API_VERSION } from "./distil.ts";

const MODULE = `sigs.k8s.io/gateway-api@v${GATEWAY_API_VERSION}`;

/** Where Go keeps it, downloaded if it is not there yet. Throws `GoError`. */
export const downloadRelease = (): Promise<string> => goModule(MODULE);

/** The definitions of a channel in it, a line each. */
export function readDefinitions(folder: string, channel: (typeof CHANNELS)[number]): string[] {
  const path = `${folder}/config/crd/${channel}`;
  return readdirSync(path)
    .filter((name) => name.endsWith(".yaml"))
    .toSorted()
    .flatMap((name) => distil(readFileSync(`${path}/${name}`, "utf8")));
}
