import { expect, test } from "bun:test";
import { servePlain } from "#lib/net/plain-http.ts";
import { runEntry } from "./run.ts";

test("runEntry() waits for a proxy on its admin port, and runs what comes after", async () => {
  const asked: string[] = [];
  const server = servePlain({ ip: "127.0.0.1", port: 0 }, ({ method, path }) => {
    asked.push(`${method} ${path}`);
    return { status: asked.length > 1 ? 200 : 503, body: "" };
  });
  try {
    const words = [`--port=${server.port}`, "--backoff=1ms", "-S", "sh", "-c", "exit 3"];
    expect(await runEntry("linkerd-await", words, () => undefined)).toBe(3);
    expect(asked).toEqual(["GET /ready", "GET /ready", "POST /shutdown"]);
  } finally {
    server.stop();
  }
});

test("runEntry() sleeps, validates and refuses", async () => {
  const lines: string[] = [];
  const run = (name: Parameters<typeof runEntry>[0], ...words: string[]): Promise<number> =>
    runEntry(name, words, (line) => void lines.push(line));
  expect(await run("sleep", "0.01")).toBe(0);
  expect(await run("sleep")).toBe(64);
  expect(await run("linkerd-await", "--nope")).toBe(64);
  expect(await run("linkerd2-network-validator", "--timeout=x")).toBe(64);
  expect(lines).toEqual([
    "Cannot run sleep: no time is given",
    "Cannot run linkerd-await: --nope is not known",
    "Cannot run linkerd2-network-validator: --timeout cannot be x",
  ]);
});
