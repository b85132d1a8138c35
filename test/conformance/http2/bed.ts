/** Where a peer of HTTP/2 meets real proxies: inbound and outbound in cleartext, and inbound by mTLS through a relay. */

import { createServer, type Server, type Socket } from "node:net";
import { connectTls, TlsCredentials } from "#lib/net/tls.ts";
import { systemClock } from "#lib/sys/system-clock.ts";
import type { Clock } from "#lib/time/clock.ts";
import { FakeMesh, type FakePod, until } from "../../fake/mesh.ts";

/** Into inbound alone, through both proxies, and into inbound by mTLS. */
export const DOORS = ["inbound", "outbound", "mtls"] as const;
export type Door = (typeof DOORS)[number];

const SERVER = "server.test.serviceaccount.identity.linkerd.cluster.local";
const CLIENT = SERVER.replace("server", "client");
const LONE = SERVER.replace("server", "lone");
const SERVICE = { ip: "10.99.0.1", port: 80 };
const PATH = "app.test.svc.cluster.local:80";

/** Three proxies in front of one application: a pair, and an inbound one that is called without a proxy. */
export class Http2Bed {
  readonly mesh: FakeMesh;
  readonly #ports = new Map<Door, number>();
  readonly #pods = new Map<Door, FakePod>();
  #relay: Server | undefined;

  constructor(clock: Clock = systemClock) {
    this.mesh = new FakeMesh(clock);
  }

  /** Every port is declared to speak HTTP/2, so that nothing passes as opaque. The application is given by its port. */
  async start(appPort: number): Promise<void> {
    const { control } = this.mesh;
    control.ports = "http2";
    const over = { LINKERD2_PROXY_SHUTDOWN_GRACE_PERIOD: "100ms" };
    const declared = { ...over, LINKERD2_PROXY_INBOUND_PORTS: String(appPort) };
    const server = await this.mesh.start(SERVER, declared);
    const client = await this.mesh.start(CLIENT, over);
    const lone = await this.mesh.start(LONE, declared);
    await until(
      () => control.followers(appPort) === 2,
      () => `${control.followers(appPort)} proxies ask for the policy of the application's port`,
    );
    control.services.set(`${SERVICE.ip}:${SERVICE.port}`, {
      path: PATH,
      opaque: false,
      http2: true,
    });
    const { inboundPort } = server.proxy;
    control.announce(PATH, [
      { addr: `127.0.0.1:${appPort}`, identity: SERVER, directPort: inboundPort },
    ]);
    client.target = SERVICE;
    lone.target = { ip: "127.0.0.1", port: appPort };
    this.#relay = await this.#startRelay(lone.proxy.inboundPort);
    const address = this.#relay.address();
    if (address === null || typeof address === "string") throw new Error("Cannot relay: no port");
    this.#ports.set("inbound", lone.proxy.inboundPort).set("mtls", address.port);
    this.#ports.set("outbound", client.proxy.outboundPort);
    this.#pods.set("inbound", lone).set("mtls", lone).set("outbound", client);
  }

  async stop(): Promise<void> {
    this.#relay?.close();
    await this.mesh.stop();
  }

  /** Where a peer dials in cleartext. */
  port(door: Door): number {
    return this.#ports.get(door) ?? 0;
  }

  /** The proxy that answers there. */
  pod(door: Door): FakePod {
    const pod = this.#pods.get(door);
    if (pod === undefined) throw new Error("Cannot tell the proxy: the bed was not started");
    return pod;
  }

  /** Cleartext in front; behind, TLS with a certificate of the mesh, the server's identity as SNI, and no ALPN, as proxies do. */
  async #startRelay(port: number): Promise<Server> {
    const { keyPem, chainPem } = this.mesh.authority.issue(CLIENT);
    const { anchorsPem } = this.mesh.authority;
    const credentials = new TlsCredentials({ keyPem, chainPem, anchorsPem });
    const relay = createServer({ allowHalfOpen: true, pauseOnConnect: true }, (socket) =>
      relayByTls(socket, { port, credentials }),
    );
    await new Promise<void>((resolve) => relay.listen(0, "127.0.0.1", resolve));
    return relay;
  }
}

function relayByTls(
  socket: Socket,
  { port, credentials }: { readonly port: number; readonly credentials: TlsCredentials },
): void {
  socket.on("error", () => socket.destroy());
  const to = { ip: "127.0.0.1", port, serverName: LONE, alpn: [], credentials };
  connectTls(
    { ...to, timeoutMs: 5000, clock: systemClock, onFault: fault },
    {
      onConnected: ({ stream }) => {
        stream.handler = {
          onData: (chunk) => {
            if (!socket.write(new Uint8Array(chunk))) stream.pause();
          },
          onEnd: () => socket.end(),
          onDrain: () => socket.resume(),
          onClose: () => socket.destroy(),
        };
        socket.on("drain", () => stream.resume());
        socket.on("data", (chunk: Buffer) => {
          if (!stream.write(chunk)) socket.pause();
        });
        socket.on("end", () => stream.end());
        socket.on("close", () => stream.destroy());
        socket.resume();
      },
      onFailed: () => socket.destroy(),
    },
  );
}

function fault(error: Error): void {
  throw error;
}
