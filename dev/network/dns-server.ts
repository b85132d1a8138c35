/** The resolver of a node: answers for the cluster's names and forwards the rest. */

import type { Logger } from "#lib/log/logger.ts";
import { bindUdp, type Datagram, type UdpSocket } from "#lib/net/udp.ts";
import { inNetns } from "#lib/sys/netns.ts";
import type { Clock } from "#lib/time/clock.ts";
import { buildAnswer, DNS_CODE, parseQuery } from "./dns-message.ts";
import { resolve, type ZoneSource } from "./dns-zone.ts";

/** Where it listens, what it knows, and whom it asks for other names. */
export type DnsOptions = {
  /** Path of the network namespace in which it listens. */
  readonly netns: string;
  readonly ip: string;
  /** A resolver that the machine itself reaches; without one other names do not exist. */
  readonly upstream: string | undefined;
  readonly zone: ZoneSource;
  readonly clock: Clock;
  readonly logger: Logger;
};

const DNS_PORT = 53;
/** Milliseconds after which a forwarded query is answered with SERVFAIL. */
const FORWARD_TIMEOUT_MS = 4_000;
/** Queries under way to the upstream at most; more are answered with SERVFAIL. */
const FORWARD_LIMIT = 1_024;

/** Starts the resolver; the result stops it. */
export async function serveDns(options: DnsOptions): Promise<{ stop(): void }> {
  const server = new DnsServer(options);
  await server.start();
  return server;
}

class DnsServer {
  readonly #options: DnsOptions;
  #inside: UdpSocket | undefined;
  #outside: UdpSocket | undefined;
  readonly #pending = new Map<number, (answer: Uint8Array | undefined) => void>();
  #nextId = 0;

  constructor(options: DnsOptions) {
    this.#options = options;
  }

  async start(): Promise<void> {
    const { netns, ip } = this.#options;
    this.#outside = await bindUdp({ ip: "0.0.0.0", port: 0 }, (datagram) =>
      this.#onAnswer(datagram),
    );
    this.#inside = await inNetns(netns, () =>
      bindUdp({ ip, port: DNS_PORT }, (datagram) => this.#onQuery(datagram)),
    );
  }

  stop(): void {
    this.#inside?.close();
    this.#outside?.close();
  }

  #onQuery({ payload, ...client }: Datagram): void {
    const parsed = parseQuery(payload);
    if (parsed === undefined) return;
    const query = { message: payload, parsed };
    const answer = resolve(this.#options.zone, parsed);
    if (answer !== "elsewhere") {
      this.#inside?.send(buildAnswer(query, answer), client);
      return;
    }
    const { upstream } = this.#options;
    const code = upstream === undefined ? DNS_CODE.noSuchName : DNS_CODE.serverFailure;
    const refuse = (): void =>
      this.#inside?.send(buildAnswer(query, { code, records: [] }), client);
    if (upstream === undefined || this.#pending.size >= FORWARD_LIMIT) refuse();
    else
      this.#forward(payload, (reply) => {
        if (reply === undefined) refuse();
        else this.#inside?.send(reply, client);
      });
  }

  #forward(message: Uint8Array, done: (answer: Uint8Array | undefined) => void): void {
    const { clock, upstream = "" } = this.#options;
    this.#nextId = (this.#nextId + 1) & 0xffff;
    const id = this.#nextId;
    const asked = [message[0] ?? 0, message[1] ?? 0];
    const timer = clock.after(FORWARD_TIMEOUT_MS, () => finish(undefined));
    const finish = (answer: Uint8Array | undefined): void => {
      timer.cancel();
      this.#pending.delete(id);
      if (answer !== undefined) answer.set(asked);
      done(answer);
    };
    this.#pending.set(id, finish);
    const copy = Uint8Array.from(message);
    copy.set([id >> 8, id & 0xff]);
    this.#outside?.send(copy, { ip: upstream, port: DNS_PORT });
  }

  #onAnswer({ payload, ip, port }: Datagram): void {
    if (ip !== this.#options.upstream || port !== DNS_PORT) return;
    const id = ((payload[0] ?? 0) << 8) | (payload[1] ?? 0);
    this.#pending.get(id)?.(payload);
  }
}
