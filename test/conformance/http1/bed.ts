/** The ways a request takes through real proxies on loopback, with an origin that writes down what arrives. */

import { connect } from "node:net";
import { systemClock } from "#lib/sys/system-clock.ts";
import type { Clock } from "#lib/time/clock.ts";
import { FakeMesh, type FakePod } from "../../fake/mesh.ts";
import { type Message, splitRequests } from "./messages.ts";
import { RawServer } from "./raw-server.ts";

/** Through both proxies, into inbound alone, and out of outbound to a server outside of the mesh. */
export const WAYS = ["pair", "inbound", "outbound"] as const;
export type Way = (typeof WAYS)[number];

/** What came of bytes that a client sent before it half-closed. */
export interface Outcome {
  /** All that the proxy answered. */
  readonly answer: string;
  /** Whether the proxy ended the connection, in time. */
  readonly closed: boolean;
  /** Whole requests that arrived at the origin. */
  readonly forwarded: readonly Message[];
  /** What arrived and is no whole request. */
  readonly leftover: string;
  /** What is wrong with what arrived, where something is. */
  readonly fault: string | undefined;
}

const PATIENCE_MS = 5000;
const SERVER = "server.test.serviceaccount.identity.linkerd.cluster.local";
const MESHED = { ip: "10.99.0.1", port: 80 };
const OUTSIDE = { ip: "10.99.0.2", port: 80 };
const PROBE = "GET /probe HTTP/1.1\r\nHost: probe\r\n\r\n";

/** Four proxies: a pair, one in front of the origin, and one that calls it. */
export class HttpBed {
  readonly origin: RawServer = new RawServer();
  readonly mesh: FakeMesh;
  readonly #ports = new Map<Way, number>();
  readonly #pods = new Map<Way, FakePod>();

  constructor(clock: Clock = systemClock) {
    this.mesh = new FakeMesh(clock);
  }

  /** Every port is declared to speak HTTP/1, so that nothing passes as opaque. Another origin is given by its port. */
  async start(originPort?: number): Promise<void> {
    const { control } = this.mesh;
    control.ports = "http1";
    const port = originPort ?? (await this.origin.listen());
    const name = (pod: string): string => SERVER.replace("server", pod);
    const [server, client, lone, caller] = await Promise.all(
      ["server", "client", "lone", "caller"].map((pod) =>
        this.mesh.start(name(pod), { LINKERD2_PROXY_SHUTDOWN_GRACE_PERIOD: "100ms" }),
      ),
    );
    if (!server || !client || !lone || !caller) throw new Error("Cannot start all proxies");
    control.services.set("10.99.0.1:80", { path: "meshed.test:80", opaque: false, http1: true });
    control.services.set("10.99.0.2:80", { path: "outside.test:80", opaque: false, http1: true });
    const addr = `127.0.0.1:${port}`;
    const { inboundPort } = server.proxy;
    control.announce("meshed.test:80", [{ addr, identity: SERVER, directPort: inboundPort }]);
    control.announce("outside.test:80", [{ addr }]);
    client.target = MESHED;
    caller.target = OUTSIDE;
    lone.target = { ip: "127.0.0.1", port };
    this.#ports.set("pair", client.proxy.outboundPort);
    this.#ports.set("inbound", lone.proxy.inboundPort);
    this.#ports.set("outbound", caller.proxy.outboundPort);
    this.#pods.set("pair", client).set("inbound", lone).set("outbound", caller);
    if (originPort === undefined) for (const way of WAYS) await this.#probe(way);
  }

  async stop(): Promise<void> {
    await this.mesh.stop();
    this.origin.stop();
  }

  /** Sends bytes one way; another connection is served afterwards, or this rejects. */
  async send(way: Way, bytes: string): Promise<Outcome> {
    this.origin.take();
    const { answer, closed } = await exchange(this.port(way), bytes);
    const arrivals = this.origin.take();
    await this.#probe(way);
    const splits = arrivals.map(({ text }) => splitRequests(text));
    return {
      answer,
      closed,
      forwarded: splits.flatMap(({ messages }) => messages),
      leftover: splits.map(({ rest }) => rest).join(""),
      fault: splits.find(({ fault }) => fault !== undefined)?.fault,
    };
  }

  /** Where a way begins. */
  port(way: Way): number {
    return this.#ports.get(way) ?? 0;
  }

  /** The proxy where a way begins. */
  pod(way: Way): FakePod {
    const pod = this.#pods.get(way);
    if (pod === undefined) throw new Error("Cannot tell the proxy: the bed was not started");
    return pod;
  }

  async #probe(way: Way): Promise<void> {
    const { answer: decide } = this.origin;
    this.origin.answer = () => ({ bytes: "HTTP/1.1 204 No Content\r\n\r\n" });
    const { answer } = await exchange(this.port(way), PROBE);
    this.origin.answer = decide;
    if (!answer.startsWith("HTTP/1.1 204 "))
      throw new Error(`Cannot go on: ${way} answers another client ${JSON.stringify(answer)}`);
  }
}

/** Sends bytes, half-closes, and gathers what comes until the other side ends. */
export async function exchange(
  port: number,
  bytes: string,
): Promise<{ readonly answer: string; readonly closed: boolean }> {
  const chunks: Buffer[] = [];
  const closed = await new Promise<boolean>((resolve) => {
    const socket = connect({ port, host: "127.0.0.1", allowHalfOpen: true });
    const timer = setTimeout(() => {
      socket.destroy();
      resolve(false);
    }, PATIENCE_MS);
    const done = (): void => {
      clearTimeout(timer);
      socket.destroy();
      resolve(true);
    };
    socket.on("data", (chunk: Buffer) => chunks.push(chunk));
    socket.on("end", done);
    socket.on("close", done);
    socket.on("error", done);
    socket.end(Buffer.from(bytes, "latin1"));
  });
  return { answer: Buffer.concat(chunks).toString("latin1"), closed };
}
