/** `npm run gateway-api`: writes the definitions anew, out of the release that distil.ts names (needs Go). */

import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { $ } from "bun";
import { CHANNELS, distil, GATEWAY_API_VERSION } from "./distil.ts";

const MODULE = `sigs.k8s.io/gateway-api@v${GATEWAY_API_VERSION}`;

const { Dir } = (await $`go mod download -json ${MODULE}`.json()) as { readonly Dir: string };
for (const channel of CHANNELS) {
  const folder = `${Dir}/config/crd/${channel}`;
  const files = readdirSync(folder).filter((name) => name.endsWith(".yaml"));
  const lines = files
    .toSorted()
    .flatMap((name) => distil(readFileSync(`${folder}/${name}`, "utf8")));
  const file = new URL(`${channel}.ndjson`, import.meta.url);
  writeFileSync(file, `${lines.join("\n")}\n`);
  process.stdout.write(`Wrote ${file.pathname}: ${lines.length} definitions\n`);
}
