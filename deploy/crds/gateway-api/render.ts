/** The Gateway API's definitions. They are no part of the mesh: `uninstall` leaves them, and whose routes they hold. */

import { readFileSync } from "node:fs";
import type { KubeObject } from "#lib/k8s/types/meta.ts";
import type { Channel } from "./distil.ts";
import experimental from "./experimental.ndjson" with { type: "file" };
import standard from "./standard.ndjson" with { type: "file" };

const FILES: Readonly<Record<Channel, string>> = { standard, experimental };

/** Those of a channel. */
export function renderGatewayApi(channel: Channel): KubeObject[] {
  return readFileSync(FILES[channel], "utf8")
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as KubeObject);
}
