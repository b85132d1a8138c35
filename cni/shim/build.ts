/** Builds the shim; as a macro it puts the finished program into the executable, and into a checkout's run. */

import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { spawnSync } from "bun";

/** Builds the shim into `out` with further compiler arguments. Throws what the compiler said. */
export function buildShim(out: string, args: readonly string[] = []): void {
  const build = spawnSync(["sh", `${import.meta.dir}/build.sh`, out, ...args]);
  if (build.exitCode !== 0)
    throw new Error(`Cannot build the shim: ${build.stderr.toString().trim()}`);
}

/** The shim as base64; empty where this machine has no compiler, which the installer then says. */
export function embedShim(): string {
  if (Bun.which("clang") === null && Bun.which("gcc") === null) return "";
  const folder = mkdtempSync(`${tmpdir()}/shim-`);
  try {
    buildShim(`${folder}/linkerd-cni`);
    return readFileSync(`${folder}/linkerd-cni`).toString("base64");
  } finally {
    rmSync(folder, { recursive: true });
  }
}
