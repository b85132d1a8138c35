/** Commands of a shell: what they print, or what they say when they fail. */

/** How a command is run. */
export interface ShellOptions {
  readonly input?: string | undefined;
  readonly env?: Readonly<Record<string, string>> | undefined;
  /** Seconds until it is ended; none where not said. */
  readonly timeoutSeconds?: number | undefined;
}

/** What a command printed. Throws with what it said where it failed. */
export async function output(
  words: readonly string[],
  { input, env, timeoutSeconds }: ShellOptions = {},
): Promise<string> {
  const child = Bun.spawn([...words], {
    stdin: input === undefined ? "ignore" : new Blob([input]),
    stdout: "pipe",
    stderr: "pipe",
    env: { ...Bun.env, ...env },
    ...(timeoutSeconds !== undefined && { timeout: timeoutSeconds * 1000 }),
  });
  const [stdout, stderr] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
  ]);
  const exitCode = await child.exited;
  if (exitCode !== 0)
    throw new Error(`${words.join(" ")} ended with ${exitCode}: ${stderr.trim() || stdout.trim()}`);
  return stdout;
}

const INTERVAL_MS = 250;

/** Asks again until the answer is there. Throws with what was wrong last when time is over. */
export async function eventually<T>(
  what: string,
  seconds: number,
  ask: () => Promise<T>,
): Promise<T> {
  const end = performance.now() + seconds * 1000;
  for (;;)
    try {
      return await ask();
    } catch (error) {
      if (performance.now() > end)
        throw new Error(`${what}: not after ${seconds} s: ${(error as Error).message}`);
      await Bun.sleep(INTERVAL_MS);
    }
}
