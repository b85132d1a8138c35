/** Programs that suites run: with a bound on their time, and with ports that are free. */

import { connect, createServer } from "node:net";

/** How a program ended, and what it wrote. */
export interface Ended {
  /** Undefined where it had to be ended. */
  readonly code: number | undefined;
  readonly output: string;
}

/** Runs a program to its end, at most so long. */
export async function run(command: readonly string[], limitMs: number): Promise<Ended> {
  const child = Bun.spawn([...command], { stdio: ["ignore", "pipe", "pipe"] });
  let late = false;
  const timer = setTimeout(() => {
    late = true;
    child.kill("SIGKILL");
  }, limitMs);
  const [out, error] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
  ]);
  const code = await child.exited;
  clearTimeout(timer);
  return { code: late ? undefined : code, output: `${out}${error}` };
}

/** The last line that says anything: why a program failed. */
export function lastLine({ code, output }: Ended): string {
  if (code === undefined) return "it did not end in time";
  return output.trim().split("\n").at(-1) ?? `it ended with ${code}`;
}

/** A port of loopback that was free a moment ago, for programs that cannot choose one. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  await new Promise<void>((resolve) => server.close(() => resolve()));
  if (address === null || typeof address === "string") throw new Error("Cannot get a port");
  return address.port;
}

/** Waits until something listens there, at most so long. */
export async function untilListening(port: number, limitMs = 10_000): Promise<void> {
  const deadline = performance.now() + limitMs;
  while (!(await accepts(port))) {
    if (performance.now() > deadline) throw new Error(`Cannot wait: nobody listens on ${port}`);
    await Bun.sleep(10);
  }
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    socket.on("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.on("error", () => resolve(false));
  });
}
