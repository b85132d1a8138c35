import { expect, test } from "bun:test";
import { LogFilter } from "#lib/log/log-filter.ts";
import { createLogger } from "#lib/log/logger.ts";
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

/** A resolver on an address of its own, and a client of it that has one question at a time. */
async function bed(upstream: string | undefined) {
  const ip = nextAddress();
  const clock = new FakeClock();
  const zone = {
    domain: "c",
    service: () => ({ spec: { clusterIP: "10.96.0.9" } }),
    slices: () => [],
  };
  const server = await serveDns({ netns: "/proc/self/ns/net", ip, upstream, zone, clock, logger });
  const answers: ((datagram: Datagram) => void)[] = [];
  const client = await bindUdp({ ip: "127.0.0.1", port: 0 }, (each) => answers.shift()?.(each));
  return {
    clock,
    ask: async (name: string): Promise<string> => {
      const { promise, resolve } = Promise.withResolvers<Datagram>();
      answers.push(resolve);
      client.send(query(name), { ip, port: 53 });
      return Buffer.from((await promise).payload).toString("hex");
    },
    stop: (): void => {
      client.close();
      server.stop();
    },
  };
}
let hosts = 0;

/** An address of the loopback that no other run of these tests has. */
function nextAddress(): string {
  hosts += 1;
  return `127.${(process.pid >> 8) & 0xff}.${process.pid & 0xff}.${hosts}`;
}

test("serveDns() answers for the cluster; other names do not exist without an upstream", async () => {
  const { ask, stop } = await bed(undefined);
  try {
    expect(await ask("web.a.svc.c")).toEndWith("0a600009");
    expect(await ask("x.org")).toStartWith("00018583");
  } finally {
    stop();
  }
});

test("serveDns() forwards other names under numbers of its own, and gives the answer its number back", async () => {
  const ip = nextAddress();
  const asked: string[] = [];
  const upstream = await bindUdp({ ip, port: 53 }, ({ payload, ...from }) => {
    asked.push(Buffer.from(payload).toString("hex"));
    upstream.send(Buffer.concat([payload.subarray(0, 2), Buffer.from("answer")]), from);
  });
  const { ask, stop } = await bed(ip);
  try {
    for (const id of ["0001", "0002"]) {
      expect(await ask("x.org")).toBe(`0001${Buffer.from("answer").toString("hex")}`);
      expect(asked.at(-1)).toStartWith(id);
    }
  } finally {
    stop();
    upstream.close();
  }
});

test("serveDns() says so where the upstream gives no answer in time", async () => {
  const ip = nextAddress();
  const asked = Promise.withResolvers<void>();
  const upstream = await bindUdp({ ip, port: 53 }, () => asked.resolve());
  const { ask, stop, clock } = await bed(ip);
  try {
    const answer = ask("x.org");
    await asked.promise;
    clock.advance(4_000);
    expect(await answer).toStartWith("00018582");
    expect(clock.nextMs).toBeUndefined();
  } finally {
    stop();
    upstream.close();
  }
});
