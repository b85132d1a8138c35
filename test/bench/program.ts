/** Makes one program of sources, as the image has it. */

import { $ } from "bun";

/** Compiles a TypeScript file with all that it imports. */
export async function compile(source: string, program: string): Promise<void> {
  await $`bun build --compile --splitting --minify --bytecode --format=esm --outfile=${program} ${source}`.quiet();
}
