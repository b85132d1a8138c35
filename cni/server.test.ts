import { afterEach, beforeEach, expect, test } from "bun:test";
import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { systemClock } from "#lib/sys/system-clock.ts";
import { FakeClock } from "../test/fake/clock.ts";
import type { CniAnswer } from "./result.ts";
import { ContainerQueue, PARALLEL_LIMIT, serveCni } from "./server.ts";
import { FrameReader, frame, type WireRequest } from "./wire.ts";

const REQUEST: WireRequest = {
  version: 1,
  command: "ADD",
  containerId: "c1",
  netns: "",
  ifname: "eth0",
  args: "",
  path: "",
  config: "{}",
};

let dir = "";
beforeEach(() => {
  dir = mkdtempSync(`${tmpdir()}/cni-`);
});
afterEach(() => rmSync(dir, { recursive: true }));

/** Sends bytes and gives the frame that comes back, or "closed". */
async function ask(bytes: Uint8Array): Promise<unknown> {
  const answer = Promise.withResolvers<unknown>();
  const reader = new FrameReader();
  const client = await Bun.connect({
    unix: `${dir}/agent.sock`,
    socket: {
      data: (_, chunk) => {
        const content = reader.push(chunk);
        if (content !== undefined) answer.resolve(JSON.parse(new TextDecoder().decode(content)));
      },
      close: () => answer.resolve("closed"),
    },
  });
  client.write(bytes);
  return await answer.promise;
}

function serve(
  handle: (request: WireRequest) => Promise<CniAnswer>,
  clock = systemClock,
): { stop(): void; faults: string[] } {
  const faults: string[] = [];
  const path = `${dir}/agent.sock`;
  const onFault = (error: Error): void => void faults.push(error.message);
  const server = serveCni({ path, clock, handle, onFault });
  return { stop: () => server.stop(), faults };
}

test("H20: serveCni() answers on a socket that only its owner may dial", async () => {
  writeFileSync(`${dir}/agent.sock`, "left behind");
  const server = serve((request) => Promise.resolve({ exit: 0, log: request.command }));
  expect(statSync(`${dir}/agent.sock`).mode & 0o777).toBe(0o600);
  expect(await ask(frame(JSON.stringify(REQUEST)))).toEqual({ exit: 0, log: "ADD" });
  server.stop();
  expect(existsSync(`${dir}/agent.sock`)).toBe(false);
});

test("serveCni() tells the shim to come again where the agent fails, and closes on garbage", async () => {
  const server = serve(() => Promise.reject(new Error("Cannot do it")));
  expect(await ask(frame(JSON.stringify(REQUEST)))).toMatchObject({ stdout: { code: 11 } });
  expect(server.faults).toEqual(["Cannot do it"]);
  expect(await ask(frame("garbage"))).toBe("closed");
  expect(await ask(new Uint8Array([255, 255, 255, 255]))).toBe("closed");
  server.stop();
});

test("serveCni() closes a connection that sends nothing", async () => {
  const clock = new FakeClock();
  const server = serve(() => Promise.resolve({ exit: 0, log: "" }), clock);
  const closed = Promise.withResolvers<void>();
  await Bun.connect({
    unix: `${dir}/agent.sock`,
    socket: { data: () => undefined, close: () => closed.resolve() },
  });
  const tick = setInterval(() => clock.advance(1000), 1);
  await closed.promise;
  clearInterval(tick);
  server.stop();
});

test("H6: ContainerQueue runs one container at a time, and others beside it", async () => {
  const order: string[] = [];
  const gates = new Map<string, () => void>();
  const queue = new ContainerQueue(async ({ containerId, command }) => {
    order.push(`${containerId} ${command}`);
    await new Promise<void>((resolve) => gates.set(`${containerId} ${command}`, resolve));
    if (command === "ADD") throw new Error("Cannot add");
    return { exit: 0, log: "" };
  });
  const add = queue.run({ ...REQUEST, containerId: "a", command: "ADD" }).catch(String);
  const del = queue.run({ ...REQUEST, containerId: "a", command: "DEL" });
  const other = queue.run({ ...REQUEST, containerId: "b", command: "DEL" });
  await Bun.sleep(0);
  expect(order).toEqual(["a ADD", "b DEL"]);
  gates.get("a ADD")?.();
  expect(await add).toContain("Cannot add");
  await Bun.sleep(0);
  expect(order).toEqual(["a ADD", "b DEL", "a DEL"]);
  gates.get("a DEL")?.();
  gates.get("b DEL")?.();
  await Promise.all([del, other]);
});

test("ContainerQueue tells one request too many to come again", async () => {
  const gate = Promise.withResolvers<CniAnswer>();
  const queue = new ContainerQueue(() => gate.promise);
  const all = Array.from({ length: PARALLEL_LIMIT }, (_, at) =>
    queue.run({ ...REQUEST, containerId: `c${at}` }),
  );
  expect(await queue.run({ ...REQUEST, containerId: "late" })).toMatchObject({
    stdout: { code: 11 },
  });
  gate.resolve({ exit: 0, log: "" });
  await Promise.all(all);
  expect(await queue.run(REQUEST)).toEqual({ exit: 0, log: "" });
});
