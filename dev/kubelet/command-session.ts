/** A command that a user runs in a container: its streams, or its terminal. */

import type { Session, SessionObserver, SessionRequest } from "#lib/kube-api/node-api.ts";
import type { RunningContainer } from "./container.ts";
import { killCommand } from "./exec.ts";

/** Where it is run. */
type Inside = Pick<RunningContainer, "command" | "environment">;

type Request = SessionRequest & { readonly observer: SessionObserver };

type Words = { readonly words: string[]; readonly env: Readonly<Record<string, string>> };

/** Runs it. Throws with a text for the user where it cannot be started. */
export function runCommand(running: Inside | undefined, request: Request): Session {
  if (running === undefined) throw new Error("the container does not run");
  if (request.command === undefined)
    throw new Error("attach is not offered in dev mode; use logs or exec");
  const words = running.command(request.command);
  const env = running.environment;
  return request.tty
    ? runInTerminal({ words, env: { TERM: "xterm", ...env } }, request)
    : runWithPipes({ words, env }, request);
}

/** Shut while the observer wants no more. */
class Gate {
  #open = Promise.withResolvers<void>();

  constructor() {
    this.#open.resolve();
  }

  get opened(): Promise<void> {
    return this.#open.promise;
  }

  shut(): void {
    this.#open = Promise.withResolvers<void>();
  }

  open(): void {
    this.#open.resolve();
  }
}

function runWithPipes({ words, env }: Words, { stdin, observer }: Request): Session {
  const child = Bun.spawn(words, {
    env,
    stdin: stdin ? "pipe" : "ignore",
    stdout: "pipe",
    stderr: "pipe",
  });
  const gate = new Gate();
  const outputs = (["stdout", "stderr"] as const).map(async (name) => {
    for await (const chunk of child[name]) {
      if (!observer.onOutput(name, chunk)) gate.shut();
      await gate.opened;
    }
  });
  finish(child.exited, outputs, observer);
  return {
    write: (chunk) => {
      const { stdin: sink } = child;
      if (sink === undefined || child.exitCode !== null) return true;
      const taken = [sink.write(chunk), sink.flush()];
      if (taken.every((each) => typeof each === "number")) return true;
      const writable = (): void => observer.onWritable();
      // A command that has closed its input takes no more: that is its own affair.
      Promise.all(taken.map((each) => Promise.resolve(each))).then(writable, writable);
      return false;
    },
    end: () => {
      Promise.resolve(child.stdin?.end()).catch(() => undefined);
    },
    resize: () => undefined,
    resume: () => gate.open(),
    stop: () => {
      gate.open();
      killCommand(child.pid);
    },
  };
}

/** How large a terminal is until the client says. */
const COLUMNS = 80;
const ROWS = 24;
/** What a terminal's driver takes for the end of input. */
const END_OF_INPUT = "\x04";

function runInTerminal({ words, env }: Words, { observer }: Request): Session {
  const closed = Promise.withResolvers<void>();
  const child = Bun.spawn(words, {
    env,
    terminal: {
      ...{ cols: COLUMNS, rows: ROWS },
      // A terminal's reader cannot be stopped: a client that is too far behind is cut off by its connection.
      data: (_, chunk) => void observer.onOutput("stdout", new Uint8Array(chunk)),
      exit: () => closed.resolve(),
    },
  });
  const { terminal } = child;
  finish(child.exited, [closed.promise], observer);
  return {
    write: (chunk) => {
      if (terminal?.closed === false) terminal.write(chunk);
      return true;
    },
    end: () => {
      if (terminal?.closed === false) terminal.write(END_OF_INPUT);
    },
    resize: ({ width, height }) => {
      if (terminal?.closed === false) terminal.resize(width, height);
    },
    resume: () => undefined,
    stop: () => killCommand(child.pid),
  };
}

function finish(
  exited: Promise<number>,
  outputs: readonly Promise<void>[],
  observer: SessionObserver,
): void {
  Promise.all([exited, ...outputs]).then(
    ([exitCode]) => observer.onExit({ exitCode }),
    (error: unknown) => observer.onExit({ error: String(error) }),
  );
}
