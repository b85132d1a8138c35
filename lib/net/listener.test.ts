import { expect, test } from "bun:test";
import { statSync } from "node:fs";
import { tmpdir } from "node:os";
import { listen } from "./listener.ts";

const onFault = (error: Error): void => {
  throw error;
};
const ignore = (): void => undefined;

test("listen() on :: with ipv6Only stands beside 0.0.0.0 on one port", () => {
  const v4 = listen({ ip: "0.0.0.0", port: 0 }, ignore, onFault);
  const v6 = listen({ ip: "::", port: v4.port, ipv6Only: true }, ignore, onFault);
  expect(v6.port).toBe(v4.port);
  expect(() => listen({ ip: "0.0.0.0", port: v4.port }, ignore, onFault)).toThrow();
  v4.stop();
  v6.stop();
});

test("listen() lets as many connections wait as it is told", () => {
  const listener = listen({ ip: "127.0.0.1", port: 0, backlog: 7 }, ignore, onFault);
  const { stdout } = Bun.spawnSync(["ss", "-Hltn", `sport = :${listener.port}`]);
  // State, what waits, and how much may.
  expect(stdout.toString().split(/\s+/).slice(0, 3)).toEqual(["LISTEN", "0", "7"]);
  listener.stop();
});

test("listen() serves a Unix socket", async () => {
  const unix = `${tmpdir()}/listener-${process.pid}.sock`;
  const accepted = Promise.withResolvers<string>();
  const listener = listen(
    { unix, mode: 0o600 },
    (stream) => {
      stream.handler = {
        onData: (chunk) => accepted.resolve(Buffer.from(chunk).toString()),
        onEnd: ignore,
        onDrain: ignore,
        onClose: ignore,
      };
    },
    onFault,
  );
  expect(statSync(unix).mode & 0o777).toBe(0o600);
  const client = await Bun.connect({ unix, socket: { data: ignore } });
  client.write("hi");
  expect([await accepted.promise, listener.port]).toEqual(["hi", 0]);
  client.end();
  listener.stop();
});
