import { expect, test } from "bun:test";
import type { Session, SessionObserver } from "#lib/kube-api/node-api.ts";
import { runCommand } from "./command-session.ts";

type Result = { readonly exitCode: number } | { readonly error: string };

const INSIDE = {
  environment: { GREETING: "hello", PATH: "/usr/bin:/bin" },
  command: (words: readonly string[]) => [...words],
};

class Told implements SessionObserver {
  readonly stdout: Buffer[] = [];
  readonly stderr: Buffer[] = [];
  readonly exited = Promise.withResolvers<Result>();
  readonly said = Promise.withResolvers<void>();
  takes = true;
  writable = Promise.withResolvers<void>();

  onOutput(stream: "stdout" | "stderr", chunk: Uint8Array): boolean {
    this[stream].push(Buffer.from(chunk));
    this.said.resolve();
    return this.takes;
  }

  onWritable(): void {
    this.writable.resolve();
    this.writable = Promise.withResolvers();
  }

  onExit(result: Result): void {
    this.exited.resolve(result);
  }

  get text(): string {
    return Buffer.concat(this.stdout).toString();
  }
}

function run(
  command: readonly string[],
  how: { readonly stdin?: boolean; readonly tty?: boolean } = {},
): { readonly told: Told; readonly session: Session } {
  const told = new Told();
  const { stdin = false, tty = false } = how;
  return { told, session: runCommand(INSIDE, { command, stdin, tty, observer: told }) };
}

test("both streams, the environment and the exit status are told", async () => {
  const { told } = run(["sh", "-c", "echo $GREETING; echo oh >&2; exit 3"]);
  expect(await told.exited.promise).toEqual({ exitCode: 3 });
  expect([told.text, Buffer.concat(told.stderr).toString()]).toEqual(["hello\n", "oh\n"]);
});

test("nothing of our own environment is told", async () => {
  const { told } = run(["env"]);
  await told.exited.promise;
  expect(told.text.trim().split("\n").sort()).toEqual(["GREETING=hello", "PATH=/usr/bin:/bin"]);
});

test("standard input is written, waits for its reader, and ends", async () => {
  const { told, session } = run(["sh", "-c", "read go; wc -c"], { stdin: true });
  const writable = told.writable.promise;
  session.write(Buffer.from("go\n"));
  expect(session.write(Buffer.alloc(1 << 20, "a"))).toBe(false);
  await writable;
  session.end();
  expect(await told.exited.promise).toEqual({ exitCode: 0 });
  expect(told.text).toBe(`${1 << 20}\n`);
});

test("a command that has closed its input is written to in vain", async () => {
  const { told, session } = run(["sh", "-c", "exec 0<&-; echo closed; sleep 0.1; exit 2"], {
    stdin: true,
  });
  await told.said.promise;
  session.write(Buffer.alloc(1 << 20));
  session.end();
  expect(await told.exited.promise).toEqual({ exitCode: 2 });
  expect(session.write(Buffer.from("late"))).toBe(true);
});

test("output waits for an observer that takes no more", async () => {
  const { told, session } = run(["head", "-c", String(8 << 20), "/dev/zero"]);
  told.takes = false;
  await told.said.promise;
  let rounds = 0;
  const timer = setInterval(() => {
    rounds += 1;
    session.resume();
  }, 1);
  expect(await told.exited.promise).toEqual({ exitCode: 0 });
  clearInterval(timer);
  expect(Buffer.concat(told.stdout).length).toBe(8 << 20);
  expect(rounds).toBeGreaterThan(1);
});

test("a terminal is one, has the size that it was told, and takes input", async () => {
  const { told, session } = run(
    ["sh", "-c", "test -t 0 && echo yes; read size; stty size; exit 4"],
    { stdin: true, tty: true },
  );
  await told.said.promise;
  session.resize({ width: 132, height: 50 });
  session.write(Buffer.from("size\n"));
  expect(await told.exited.promise).toEqual({ exitCode: 4 });
  expect(told.text).toContain("yes\r\n");
  expect(told.text).toContain("50 132\r\n");
  session.write(Buffer.from("late"));
  session.resize({ width: 1, height: 1 });
  session.end();
});

test("the end of a terminal's input ends its reader", async () => {
  const { told, session } = run(["sh", "-c", "echo ready; cat"], { stdin: true, tty: true });
  await told.said.promise;
  session.end();
  expect(await told.exited.promise).toEqual({ exitCode: 0 });
});

test.each([false, true])("a client that is gone ends the command; terminal: %p", async (tty) => {
  const { told, session } = run(["sleep", "1000"], { tty });
  session.resume();
  session.stop();
  expect(await told.exited.promise).toEqual({ exitCode: 137 });
  session.stop();
});

test("the command ends with the program that has entered for it", async () => {
  const { told, session } = run(["sh", "-c", "sh -c 'echo here; exec sleep 1000'; exit 9"]);
  await told.said.promise;
  session.resize({ width: 1, height: 1 });
  session.stop();
  // The end is told when nobody holds the output: the inner command has ended too.
  expect(await told.exited.promise).toEqual({ exitCode: 137 });
});

test("what cannot be run is told", () => {
  const observer = new Told();
  const request = { command: ["true"], stdin: false, tty: false, observer };
  expect(() => runCommand(undefined, request)).toThrow("the container does not run");
  expect(() => runCommand(INSIDE, { ...request, command: undefined })).toThrow("attach");
});
