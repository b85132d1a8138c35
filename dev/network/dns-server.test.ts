import { expect, test } from "bun:test";
import { createLogger, LogFilter } from "#lib/log/logger.ts";
import { bindUdp, type Datagram } from "#lib/net/udp.ts";
import { FakeClock } from "../../test/fake/clock.ts";
import { serveDns } from "./dns-server.ts";

const logger = createLogger({
  filter: new LogFilter(),
  format: "plain",
  wall: () => 0,
  write: () => undefined,
});

/** A query for `web.a.svc.c` or, forwarded, for `x.org`. */
const query = (name: string): Uint8Array =>
  Buffer.concat([
    Buffer.from("000101000001000000000000", "hex"),
    ...name.split(".").map((label) => Buffer.from(`${String.fromCharCode(label.length)}${label}`)),
    Buffer.from("0000010001", "hex"),
  ]);

test("serveDns() answers for the cluster; other names do not exist without an upstream", async () => {
  const server = await serveDns({
    netns: "/proc/self/ns/net",
    ip: "127.0.0.77",
    upstream: undefined,
    zone: {
      domain: "c",
      service: () => ({ spec: { clusterIP: "10.96.0.9" } }),
      slices: () => [],
    },
    clock: new FakeClock(),
    logger,
  });
  const answers: ((datagram: Datagram) => void)[] = [];
  const client = await bindUdp({ ip: "127.0.0.1", port: 0 }, (each) => answers.shift()?.(each));
  const ask = async (name: string): Promise<string> => {
    const { promise, resolve } = Promise.withResolvers<Datagram>();
    answers.push(resolve);
    client.send(query(name), { ip: "127.0.0.77", port: 53 });
    return Buffer.from((await promise).payload).toString("hex");
  };
  try {
    expect(await ask("web.a.svc.c")).toEndWith("0a600009");
    expect(await ask("x.org")).toStartWith("00018583");
  } finally {
    client.close();
    server.stop();
  }
});
