/** The executable, and where the image has it. */

import { dirname, resolve } from "node:path";
import { $ } from "bun";

/** The one executable. */
export const PROGRAM = "usr/bin/bunkerd";
/** Where a genuine control plane expects a proxy, and what else it starts of the image; the program knows its names. */
const FOLDER = "usr/lib/linkerd";
const PROXY = `${FOLDER}/linkerd2-proxy-identity`;
const OTHERS = ["linkerd-await", "linkerd2-network-validator", "linkerd2-proxy-init"] as const;
export const LINKS: readonly (readonly [path: string, target: string])[] = [
  PROXY,
  ...OTHERS.map((name) => `${FOLDER}/${name}`),
  "usr/bin/sleep",
].map((path) => [path, `/${PROGRAM}`]);
export const ENTRYPOINT: readonly string[] = [`/${PROXY}`];
/** Of what is compiled and unpacked on this machine. */
export const ARCHITECTURE: "amd64" | "arm64" = process.arch === "arm64" ? "arm64" : "amd64";
/** Of proxies; controllers and the node agent say theirs in their manifests. */
export const USER = "2102:2102";

/**
 * Compiles a TypeScript file with all that it imports. Each role's code stays apart: a proxy starts 10 ms sooner than
 * from one bundle of all. The same sources give the same bytes wherever they lie, as the compiler is run beside them: it
 * writes into the program where they are from where it runs. Throws with what the compiler says.
 */
export async function compile(
  source: string,
  program: string,
  options: { readonly version?: string } = {},
): Promise<void> {
  const define =
    options.version === undefined
      ? []
      : ["--define", `BUNKERD_VERSION=${JSON.stringify(options.version)}`];
  const { exitCode, stderr } =
    await $`${process.execPath} build --compile --splitting --minify --bytecode --format=esm ${define} --outfile=${resolve(program)} ${resolve(source)}`
      .cwd(dirname(resolve(source)))
      .quiet()
      .nothrow();
  if (exitCode !== 0) throw new Error(`Cannot compile ${source}: ${stderr.toString().trim()}`);
}
