import { expect, test } from "bun:test";
import { systemClock } from "#lib/sys/system-clock.ts";
import { freePort } from "../../test/conformance/grpc/program.ts";
import { EXIT_NOT_REDIRECTED, validateNetwork } from "./validator.ts";

const world = (lines: string[]) => ({
  clock: systemClock,
  nonce: Buffer.from("0123456789abcdef"),
  write: (line: string) => void lines.push(line),
});

test("validateNetwork() is content where its own connection comes back", async () => {
  const lines: string[] = [];
  const place = { ip: "127.0.0.1", port: await freePort() };
  const args = { connect: place, listen: place, timeoutMs: 5000 };
  expect(await validateNetwork(args, world(lines))).toBe(0);
  expect(lines).toEqual([expect.stringContaining("come back")]);
});

test("validateNetwork() ends with 95 where nothing comes back in time, and where others come", async () => {
  const lines: string[] = [];
  const listen = { ip: "127.0.0.1", port: await freePort() };
  const connect = { ip: "127.0.0.1", port: await freePort() };
  const ended = validateNetwork({ connect, listen, timeoutMs: 300 }, world(lines));
  const stranger = await Bun.connect({
    hostname: listen.ip,
    port: listen.port,
    socket: { data: () => undefined },
  });
  stranger.write("not the nonce at all");
  expect(await ended).toBe(EXIT_NOT_REDIRECTED);
  expect(lines).toEqual([expect.stringContaining("did not come back")]);
});
