import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import fc from "fast-check";
import { type Listener, listen } from "#lib/net/listener.ts";
import type { TcpStream } from "#lib/net/tcp-stream.ts";
import { FrameReader, frame, readRequestFrame, type WireRequest } from "../wire.ts";
import { buildShim } from "./build.ts";

const PREV = { cniVersion: "1.0.0", ips: [{ address: "10.0.0.2/24" }] };
const CONFIG = { cniVersion: "1.0.0", name: "net", type: "linkerd-cni", prevResult: PREV };
const ARGS = "IgnoreUnknown=1;K8S_POD_NAMESPACE=emojivoto;K8S_POD_NAME=web";
const canBuild = Bun.which("clang") !== null || Bun.which("gcc") !== null;

let folder = "";
let shim = "";
beforeAll(() => {
  folder = mkdtempSync(`${tmpdir()}/shim-`);
  shim = `${folder}/linkerd-cni`;
  // The deadline of 10 s would be a long test.
  if (canBuild) buildShim(shim, ["-DDEADLINE_MS=400"]);
});
afterAll(() => rmSync(folder, { recursive: true }));

interface Said {
  readonly exit: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the shim as a runtime does. */
async function run(
  command: string | undefined,
  how: { readonly args?: string; readonly config?: string; readonly dir?: string } = {},
): Promise<Said> {
  const child = Bun.spawn([shim], {
    stdin: new Blob([how.config ?? JSON.stringify(CONFIG)]),
    stdout: "pipe",
    stderr: "pipe",
    env: {
      ...(command !== undefined && { CNI_COMMAND: command }),
      CNI_CONTAINERID: "c1",
      CNI_NETNS: '/run/netns/a"\\\u0001é',
      CNI_IFNAME: "eth0",
      CNI_ARGS: how.args ?? ARGS,
      CNI_PATH: "/opt/cni/bin",
      LINKERD_CNI_RUN_DIR: how.dir ?? folder,
    },
  });
  const [stdout, stderr] = await Promise.all([child.stdout.text(), child.stderr.text()]);
  return { exit: await child.exited, stdout, stderr };
}

/** An agent that does one thing to a request; a folder of its own. */
async function withAgent(
  act: (stream: TcpStream, request: WireRequest) => void,
  work: (dir: string) => Promise<void>,
): Promise<void> {
  const dir = mkdtempSync(`${folder}/agent-`);
  let listener: Listener | undefined;
  try {
    listener = listen(
      { unix: `${dir}/agent.sock` },
      (stream) => {
        const reader = new FrameReader();
        stream.handler = {
          onData: (chunk) => {
            const content = reader.push(chunk);
            if (content !== undefined) act(stream, readRequestFrame(content));
          },
          onEnd: () => stream.destroy(),
          onDrain: () => undefined,
          onClose: () => undefined,
        };
      },
      (error) => {
        throw error;
      },
    );
    await work(dir);
  } finally {
    listener?.stop();
  }
}

const code = (text: string): unknown => (JSON.parse(text) as { readonly code: unknown }).code;

test.skipIf(!canBuild)("the shim is static and under 100 KB (needs a C compiler)", () => {
  expect(statSync(shim).size).toBeLessThan(100_000);
});

test.skipIf(!canBuild)("every command reaches the agent as it came, and its answer is copied", () =>
  withAgent(
    (stream, request) => {
      const { command, netns, args, config } = request;
      const stdout = { command, netns, args, config: JSON.parse(config) as unknown };
      const text = JSON.stringify({ exit: command === "CHECK" ? 7 : 0, stdout, log: "decided" });
      // In two pieces, so that the shim has to wait in the middle of a frame.
      stream.write(frame(text).subarray(0, 9));
      setImmediate(() => stream.write(frame(text).subarray(9)));
    },
    async (dir) => {
      for (const command of ["ADD", "DEL", "CHECK", "GC", "STATUS"]) {
        const said = await run(command, { dir });
        expect(JSON.parse(said.stdout)).toEqual({
          command,
          netns: '/run/netns/a"\\\u0001é',
          args: ARGS,
          config: CONFIG,
        });
        expect(said).toMatchObject({
          exit: command === "CHECK" ? 7 : 0,
          stderr: "linkerd-cni: decided\n",
        });
      }
    },
  ),
);

test.skipIf(!canBuild)("VERSION needs no agent", async () => {
  const { exit, stdout } = await run("VERSION", { dir: "/nowhere" });
  expect([exit, JSON.parse(stdout)]).toEqual([
    0,
    {
      cniVersion: "1.0.0",
      supportedVersions: ["0.3.0", "0.3.1", "0.4.0", "1.0.0", "1.1.0"],
    },
  ]);
  expect(JSON.parse((await run("VERSION", { config: "" })).stdout)).toMatchObject({
    cniVersion: "1.1.0",
  });
});

test.skipIf(!canBuild)("agent absent: by the list of namespaces", async () => {
  const dir = mkdtempSync(`${folder}/absent-`);
  const add = (args = ARGS): Promise<Said> => run("ADD", { dir, args });
  const unknown = await add();
  expect([unknown.exit, code(unknown.stdout)]).toEqual([1, 11]);
  writeFileSync(`${dir}/namespaces`, "emojivoto-2\nemojivot\nlinkerd\n");
  const passed = await add();
  expect([passed.exit, JSON.parse(passed.stdout)]).toEqual([0, PREV]);
  writeFileSync(`${dir}/namespaces`, "linkerd\nemojivoto");
  const meshed = await add();
  expect(JSON.parse(meshed.stdout)).toEqual({
    cniVersion: "1.0.0",
    code: 11,
    msg: "Cannot redirect the pod: the node agent is away",
  });
  expect(meshed.stderr).toContain("the node agent is away");
  for (const args of ["", "K8S_POD_NAMESPACE=kube-system", "K8S_POD_NAMESPACE=linkerd-cni"])
    expect((await add(args)).exit).toBe(0);
});

test.skipIf(!canBuild)("agent absent: the other commands", async () => {
  const dir = mkdtempSync(`${folder}/absent-`);
  expect(await run("DEL", { dir })).toEqual({ exit: 0, stdout: "", stderr: "" });
  expect((await run("GC", { dir })).exit).toBe(0);
  expect(code((await run("CHECK", { dir })).stdout)).toBe(11);
  expect(code((await run("STATUS", { dir })).stdout)).toBe(50);
  expect(code((await run("RUN", { dir })).stdout)).toBe(4);
  expect(code((await run(undefined, { dir })).stdout)).toBe(4);
  expect(code((await run("ADD", { dir: `/${"x".repeat(200)}` })).stdout)).toBe(7);
});

test.skipIf(!canBuild)("agent slow: try again later", () =>
  withAgent(
    () => undefined,
    async (dir) => {
      expect(code((await run("ADD", { dir, args: "" })).stdout)).toBe(11);
      expect(code((await run("STATUS", { dir })).stdout)).toBe(50);
    },
  ),
);

test.skipIf(!canBuild).each([
  ["cut off in the length", new Uint8Array([0, 0])],
  ["cut off in the content", frame('{"exit":0}').subarray(0, 8)],
  ["too long", new Uint8Array([255, 255, 255, 255])],
  ["empty", frame("")],
  ["garbage", frame("garbage")],
  ["no exit", frame("{}")],
  ["an odd exit", frame('{"exit":-1}')],
  ["too great an exit", frame('{"exit":256}')],
] as const)("agent answers what is %s: as if it were away", async (_, bytes) => {
  await withAgent(
    (stream) => {
      stream.write(bytes);
      stream.end();
    },
    async (dir) => {
      expect(code((await run("ADD", { dir })).stdout)).toBe(11);
      expect((await run("ADD", { dir, args: "" })).exit).toBe(0);
      expect((await run("DEL", { dir })).exit).toBe(0);
    },
  );
});

test.skipIf(!canBuild)("agent hangs up on the request: as if it were away", async () => {
  const dir = mkdtempSync(`${folder}/hangs-up-`);
  const listener = listen(
    { unix: `${dir}/agent.sock` },
    (stream) => stream.destroy(),
    () => undefined,
  );
  const config = JSON.stringify({ ...CONFIG, filler: "x".repeat(900_000) });
  expect((await run("DEL", { dir, config })).exit).toBe(0);
  listener.stop();
});

test.skipIf(!canBuild)("configurations that cannot be used", async () => {
  const dir = "/nowhere";
  const add = (config: string): Promise<Said> => run("ADD", { dir, config, args: "" });
  expect(code((await add('{"cniVersion":"1.0.0"}')).stdout)).toBe(7);
  expect(code((await add('{"prevResult":1}')).stdout)).toBe(7);
  expect(code((await add(`"${"x".repeat(1 << 20)}"`)).stdout)).toBe(6);
  // Each of these doubles on the wire.
  const quotes = JSON.stringify({ x: '"'.repeat(400_000) });
  expect(code((await add(quotes)).stdout)).toBe(6);
});

test.skipIf(!canBuild)("the folder of the agent's socket may come from the configuration", () =>
  withAgent(
    (stream) => void stream.write(frame('{"exit":3}')),
    async (dir) => {
      const config = JSON.stringify({ ...CONFIG, runDir: dir });
      expect((await run("ADD", { dir: "", config })).exit).toBe(3);
    },
  ),
);

test.skipIf(!canBuild)("whatever stands around it, prevResult is found and copied", async () => {
  const property = fc.asyncProperty(
    fc.dictionary(fc.string(), fc.jsonValue()),
    fc.dictionary(fc.string(), fc.jsonValue()),
    async (around, prevResult) => {
      const config = JSON.stringify({ ...around, prevResult }, undefined, 1);
      const { exit, stdout } = await run("ADD", { dir: "/nowhere", args: "", config });
      expect(exit).toBe(0);
      expect(stdout).toBe(`${JSON.stringify({ prevResult }, undefined, 1).slice(17, -2)}\n`);
    },
  );
  await fc.assert(property, { numRuns: 60 });
});

test.skipIf(!canBuild)("no cut or flip of a configuration harms the scanner", async () => {
  const whole = JSON.stringify(CONFIG);
  const property = fc.asyncProperty(fc.nat(whole.length - 1), fc.string(), async (at, text) => {
    const config = `${whole.slice(0, at)}${text}`;
    const { exit } = await run("ADD", { dir: "/nowhere", args: "", config });
    expect([0, 1]).toContain(exit);
  });
  await fc.assert(property, { numRuns: 60 });
});
