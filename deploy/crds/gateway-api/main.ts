/** `npm run gateway-api`: writes the definitions anew, out of the release that distil.ts names (needs Go). */

import { writeFileSync } from "node:fs";
import { CHANNELS } from "./distil.ts";
import { downloadRelease, readDefinitions } from "./release.ts";

const folder = await downloadRelease();
for (const channel of CHANNELS) {
  const lines = readDefinitions(folder, channel);
  const file = new URL(`${channel}.ndjson`, import.meta.url);
  writeFileSync(file, `${lines.join("\n")}\n`);
  process.stdout.write(`Wrote ${file.pathname}: ${lines.length} definitions\n`);
}
