/** Go's command, for what is made of modules of Go's registry: developers may have it, nothing that runs needs it. */

import { spawn, which } from "bun";

/** Why it did nothing: it is not here, what it needs is neither here nor can be fetched, or it says something else. */
export type GoErrorCode = "missing" | "unreachable" | "failed";

/** What Go could not do. */
export class GoError extends Error {
  readonly code: GoErrorCode;

  constructor(message: string, code: GoErrorCode) {
    super(message);
    this.name = "GoError";
    this.code = code;
  }
}

/** How long a registry that does not answer, or a build, is waited for. */
const LIMIT_MS = 600_000;
/** How Go says that it did not get through to a registry, or may not ask one. */
const UNREACHABLE = /dial (tcp|udp)|i\/o timeout|TLS handshake timeout|GOPROXY=off/;

/** Runs it, in this process's environment or another one, and returns what it prints. Throws `GoError` with what it says. */
export async function runGo(
  words: readonly string[],
  env?: Readonly<Record<string, string | undefined>>,
): Promise<string> {
  const command = `go ${words.join(" ")}`;
  const go = which("go");
  if (go === null) throw new GoError(`Cannot run ${command}: Go is not there`, "missing");
  const child = spawn([go, ...words], {
    ...(env && { env }),
    stdio: ["ignore", "pipe", "pipe"],
    timeout: LIMIT_MS,
  });
  const [out, err] = await Promise.all([child.stdout.text(), child.stderr.text()]);
  if ((await child.exited) === 0) return out;
  // With -json it says in its output what is wrong.
  const said = `${err}${out}`;
  const why = /^(?:go: |\s*"Error": )(.*)$/m.exec(said)?.[1] ?? (said.trim() || "it was killed");
  const isAway = child.signalCode !== null || UNREACHABLE.test(said);
  throw new GoError(`Cannot run ${command}: ${why}`, isAway ? "unreachable" : "failed");
}

/** The folder of a module's files, `path@version`, fetched if it is not kept yet. */
export async function goModule(module: string): Promise<string> {
  const { Dir } = JSON.parse(await runGo(["mod", "download", "-json", module])) as {
    readonly Dir: string;
  };
  return Dir;
}
