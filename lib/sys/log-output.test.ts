import { afterAll, beforeAll, expect, test } from "bun:test";
import { constants, mkdtempSync, openSync, readSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { type LogSink, logOutput, UNREAD_LOG_LIMIT_BYTES } from "./log-output.ts";

let dir: string;
beforeAll(() => {
  dir = mkdtempSync(`${tmpdir()}/log-output-`);
});
afterAll(() => rmSync(dir, { recursive: true }));

/** Takes what it is given, at once or when it is read. */
class FakeSink implements LogSink {
  readonly taken: string[] = [];
  isRead = true;
  #waiting: PromiseWithResolvers<void>[] = [];

  write(text: string): number {
    this.taken.push(text);
    return text.length;
  }

  flush(): unknown {
    if (this.isRead) return 0;
    const waiting = Promise.withResolvers<void>();
    this.#waiting.push(waiting);
    return waiting.promise;
  }

  async read(): Promise<void> {
    this.isRead = true;
    for (const { resolve } of this.#waiting.splice(0)) resolve();
    await Promise.resolve();
  }
}

test("logOutput() ends what it is given with a line's end", () => {
  const sink = new FakeSink();
  const write = logOutput(sink);
  write("one");
  write("two\nthree");
  expect(sink.taken).toEqual(["one\n", "two\nthree\n"]);
});

test("logOutput() lets whoever logs go on where the reader is gone", () => {
  const gone = (): never => {
    throw Object.assign(new Error("broken pipe"), { code: "EPIPE" });
  };
  logOutput({ write: (text) => text.length, flush: gone })("one");
  logOutput({ write: gone, flush: () => 0 })("one");
});

test("logOutput() drops what nobody reads past the bound, and says so once it is read again", async () => {
  const sink = new FakeSink();
  const write = logOutput(sink);
  sink.isRead = false;
  write("a".repeat(UNREAD_LOG_LIMIT_BYTES));
  write("b");
  write("c\nd");
  expect(sink.taken.length).toBe(1);
  await sink.read();
  write("e");
  expect(sink.taken.slice(1)).toEqual([
    "Warning: 3 lines of the log were dropped, as nobody read them\n",
    "e\n",
  ]);
});

test("logOutput() takes a text of any length where nothing waits", () => {
  const sink = new FakeSink();
  sink.isRead = false;
  logOutput(sink)("a".repeat(UNREAD_LOG_LIMIT_BYTES + 1));
  expect(sink.taken.length).toBe(1);
});

/** Lines of 64 KiB, 16 MiB in all; ends once it has said that some were dropped. */
const PROGRAM = `
import { logOutput } from ${JSON.stringify(`${import.meta.dir}/log-output.ts`)};
const sink = Bun.stderr.writer();
const write = logOutput({
  write: (text) => {
    if (text.startsWith("Warning")) setTimeout(() => process.exit(0), 0);
    return sink.write(text);
  },
  flush: () => sink.flush(),
});
for (let line = 0; line < 256; line++) write(String(line).padEnd(65_535, "."));
console.log("written");
setInterval(() => {}, 1000);
`;

test("logOutput() loses nothing of what it took from a process whose log is not read for a while", async () => {
  const fifo = `${dir}/log`;
  expect(Bun.spawnSync(["mkfifo", fifo]).exitCode).toBe(0);
  const from = openSync(fifo, constants.O_RDONLY | constants.O_NONBLOCK);
  const child = Bun.spawn([process.execPath, "-e", PROGRAM], {
    stdio: ["ignore", "pipe", openSync(fifo, constants.O_WRONLY)],
  });
  const { value } = await child.stdout.getReader().read();
  expect(Buffer.from(value ?? []).toString()).toBe("written\n");
  const text = await readAll(from, child.exited);
  const lines = text.trimEnd().split("\n");
  const kept = lines.length - 1;
  expect(lines.slice(0, kept).map((line) => Number.parseInt(line, 10))).toEqual([
    ...Array(kept).keys(),
  ]);
  expect(new Set(lines.slice(0, kept).map(({ length }) => length))).toEqual(new Set([65_535]));
  expect(lines.at(-1)).toBe(
    `Warning: ${256 - kept} lines of the log were dropped, as nobody read them`,
  );
  expect(kept * 65_536).toBeLessThanOrEqual(UNREAD_LOG_LIMIT_BYTES + 2 * 65_536);
});

/** What comes until the writer has ended. */
async function readAll(from: number, ended: Promise<unknown>): Promise<string> {
  let text = "";
  let isOver = false;
  void ended.then(() => {
    isOver = true;
  });
  const chunk = Buffer.alloc(65_536);
  for (;;) {
    const wasOver = isOver;
    let length = 0;
    try {
      length = readSync(from, chunk);
    } catch {
      // Nothing is there yet.
    }
    text += chunk.toString("latin1", 0, length);
    if (length === 0 && wasOver) return text;
    await new Promise((resolve) => setImmediate(resolve));
  }
}
