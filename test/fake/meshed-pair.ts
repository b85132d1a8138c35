/** Two proxies and an application behind the second, which the first one's callers reach by a Service. */

import type { Server } from "node:http";
import type { Http2Server } from "node:http2";
import type { AddressInfo } from "node:net";
import { type FakeMesh, type FakePod, until } from "./mesh.ts";

/** What is between a caller and an application. */
export interface MeshedPair {
  readonly client: FakePod;
  readonly server: FakePod;
}

/** Starts both, by these names and with these variables, once the application listens; its Service is `web`. */
export async function startPair(
  mesh: FakeMesh,
  app: Server | Http2Server,
  how: {
    readonly client: string;
    readonly server: string;
    readonly over?: Readonly<Record<string, string>>;
  },
): Promise<MeshedPair> {
  await until(
    () => app.listening,
    () => "the application does not listen",
  );
  const server = await mesh.start(how.server, how.over);
  const client = await mesh.start(how.client, how.over);
  const path = "web.test.svc.cluster.local:80";
  mesh.control.services.set("10.99.0.1:80", { path, opaque: false });
  mesh.control.announce(path, [
    {
      addr: `127.0.0.1:${(app.address() as AddressInfo).port}`,
      identity: how.server,
      directPort: server.proxy.inboundPort,
    },
  ]);
  client.target = { ip: "10.99.0.1", port: 80 };
  return { client, server };
}
