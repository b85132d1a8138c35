/** Addresses of pods that another identity has come to: nothing is delivered there. */

import { createServer } from "node:http";
import { type AddressInfo, connect, createServer as createTcp, type Socket } from "node:net";
import { systemClock } from "#lib/sys/system-clock.ts";
import type { Clock } from "#lib/time/clock.ts";
import { FakeMesh, type FakePod, until } from "../../../fake/mesh.ts";
import type { LongCase } from "../case.ts";

const REUSES = 10_000;
/** Addresses that are given away, again and again, all at a time; each has a caller of its own. */
const LANES = 8;
const [CLIENT, MEANT, OTHER] = ["client.test", "meant.test", "other.test"] as const;
/** What waits for an endpoint to come back waits for so much less. */
const SPEED = 20;
const hurried: Clock = {
  ...systemClock,
  after: (ms, wake) => systemClock.after(ms / SPEED, wake),
};

/** The address of a pod: connections go to whoever has it now, and are cut when it changes hands. */
class Address {
  holder: FakePod;
  readonly #server = createTcp((socket) => this.#relay(socket));
  readonly #open = new Set<Socket>();

  constructor(holder: FakePod) {
    this.holder = holder;
    this.#server.listen(0, "127.0.0.1");
  }

  get port(): number {
    return (this.#server.address() as AddressInfo | null)?.port ?? 0;
  }

  give(holder: FakePod): void {
    this.holder = holder;
    for (const socket of this.#open) socket.destroy();
  }

  stop(): void {
    this.give(this.holder);
    this.#server.close();
  }

  #relay(socket: Socket): void {
    const on = connect(this.holder.proxy.inboundPort, "127.0.0.1");
    for (const [one, other] of [
      [socket, on],
      [on, socket],
    ] as const) {
      this.#open.add(one);
      one.on("error", () => other.destroy());
      one.on("close", () => {
        this.#open.delete(one);
        other.destroy();
      });
      one.pipe(other);
    }
  }
}

/** A pod's address and who calls it. */
interface Lane {
  readonly client: FakePod;
  /** The Service whose only endpoint has the address. */
  readonly service: string;
  /** Of the application, which on one machine is the same for whoever has the address. */
  readonly port: number;
}

/** Gives one address away and takes it back, so many times. Throws where a request is answered while it is the other's. */
async function reuse(
  mesh: FakeMesh,
  { client, service, port }: Lane,
  {
    meant,
    other,
    times,
  }: { readonly meant: FakePod; readonly other: FakePod; readonly times: number },
): Promise<void> {
  const address = new Address(meant);
  try {
    await until(
      () => address.port !== 0,
      () => "an address is not there",
    );
    const path = `${service.replaceAll(".", "-")}.test.svc.cluster.local:80`;
    mesh.control.services.set(`${service}:80`, { path, opaque: false });
    const endpoint = { addr: `127.0.0.1:${port}`, identity: MEANT, directPort: address.port };
    mesh.control.announce(path, [endpoint]);
    client.target = { ip: service, port: 80 };
    const ask = async (): Promise<number> => {
      const answer = await fetch(`http://127.0.0.1:${client.proxy.outboundPort}/`, {
        headers: { host: "app.test" },
      });
      await answer.arrayBuffer();
      return answer.status;
    };
    for (let time = 0; time < times; time++) {
      address.give(other);
      if ((await ask()) === 200)
        throw new Error("a request was answered by whoever had the address");
      address.give(meant);
      await until(
        async () => (await ask()) === 200,
        () => "the address is not used again by whom it is meant for",
      );
    }
  } finally {
    address.stop();
  }
}

const REUSED: LongCase = {
  name: `E13, WIRE3: of ${REUSES} reuses of a pod's address by another identity none gets a request that was not meant for it`,
  run: async () => {
    const mesh = new FakeMesh(hurried);
    const app = createServer((_, response) => response.end()).listen(0, "127.0.0.1");
    try {
      await until(
        () => app.listening,
        () => "the application does not listen",
      );
      const [meant, other] = [await mesh.start(MEANT), await mesh.start(OTHER)];
      const { port } = app.address() as AddressInfo;
      const lanes: Lane[] = [];
      for (let lane = 1; lane <= LANES; lane++)
        lanes.push({ client: await mesh.start(CLIENT), service: `10.99.0.${lane}`, port });
      const how = { meant, other, times: REUSES / LANES };
      await Promise.all(lanes.map((lane) => reuse(mesh, lane, how)));
      return `${REUSES} reuses, no request answered by the other identity`;
    } finally {
      await mesh.stop();
      app.closeAllConnections();
      app.close();
    }
  },
};

/** All. */
export const ADDRESSES: readonly LongCase[] = [REUSED];
