/** The executable, and where the image has it. */

import { dirname, resolve } from "node:path";
import { $ } from "bun";

/** The one executable. */
export const PROGRAM = "usr/bin/bunkerd";
/** Where a genuine control plane expects a proxy, and what else it starts of the image; the program knows its names. */
const FOLDER = "usr/lib/linkerd";
const PROXY = `${FOLDER}/linkerd2-proxy-identity`;
const OTHERS = ["linkerd-await", "linkerd2-network-validator"] as const;
/** A program of its own: what `cni/init/starter.c` says. */
export const STARTER: string = `${FOLDER}/linkerd2-proxy-init`;
/** Of the starter's file: NET_ADMIN and NET_RAW. */
export const STARTER_CAPABILITIES: readonly number[] = [12, 13];
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

/** Builds the starter of proxy-init. Throws with what the compiler says. */
export async function buildStarter(out: string): Promise<void> {
  const script = new URL("../../cni/init/build.sh", import.meta.url).pathname;
  const { exitCode, stderr } = await $`sh ${script} ${out}`.quiet().nothrow();
  if (exitCode !== 0) throw new Error(`Cannot build ${out}: ${stderr.toString().trim()}`);
}

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
