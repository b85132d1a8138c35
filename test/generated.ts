/** A gate: what is generated is what the sources give now. */

import { $ } from "bun";

await $`bun run gen`.quiet();
const changed = (
  await $`git status --porcelain lib/api/gen lib/api/wire/gen`.quiet().text()
).trim();
if (changed !== "") {
  console.error(`Cannot pass: what is generated is stale; run bun run gen and commit\n${changed}`);
  process.exitCode = 1;
}
