/** Both proxies and a control plane in a process of their own, in front of one application. */

import { FakeMesh } from "../../fake/mesh.ts";

const NAME = "serviceaccount.identity.linkerd.cluster.local";
const SERVER = `server.test.${NAME}`;
const CLIENT = `client.test.${NAME}`;
const SERVICE = { ip: "10.99.0.1", port: 80 };
const PATH = "app.test.svc.cluster.local:80";
const READY_MS = 20_000;

/** What the pair stands in front of, on loopback. */
export interface PairTarget {
  readonly port: number;
  /** Whether its bytes are relayed without a look at them. */
  readonly opaque?: boolean;
}

/** A pair that runs. */
export interface Pair {
  /** Where a client connects to reach the application through outbound, mTLS and inbound. */
  readonly port: number;
  /** The process that holds both proxies. */
  readonly pid: number;
  /** Has that process collect its garbage: what it holds then, it holds. */
  collect(): Promise<void>;
  stop(): Promise<void>;
}

/** Starts a pair and waits until both proxies are ready. It ends with `stop`, and with this process. */
export async function startPair({ port, opaque = false }: PairTarget): Promise<Pair> {
  const child = Bun.spawn([process.execPath, import.meta.path, String(port), String(opaque)], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  const stop = async (): Promise<void> => {
    child.kill("SIGKILL");
    await child.exited;
  };
  const late = setTimeout(() => child.kill("SIGKILL"), READY_MS);
  const reader = child.stdout.getReader();
  const { value } = await reader.read();
  clearTimeout(late);
  const outbound = Number(new TextDecoder().decode(value));
  if (!(outbound > 0)) {
    await stop();
    throw new Error("Cannot start the pair of proxies: they were not ready in time");
  }
  const collect = async (): Promise<void> => {
    await child.stdin.write("\n");
    await child.stdin.flush();
    await reader.read();
  };
  return { port: outbound, pid: child.pid, collect, stop };
}

/** The child: says the outbound port in a line, collects garbage where it is written to, and ends with its standard input. */
async function serve(port: number, opaque: boolean): Promise<void> {
  const mesh = new FakeMesh();
  const server = await mesh.start(SERVER);
  const client = await mesh.start(CLIENT);
  mesh.control.services.set(`${SERVICE.ip}:${SERVICE.port}`, { path: PATH, opaque });
  mesh.control.announce(PATH, [
    {
      addr: `127.0.0.1:${port}`,
      identity: SERVER,
      directPort: server.proxy.inboundPort,
      opaque,
    },
  ]);
  client.target = SERVICE;
  process.stdout.write(`${client.proxy.outboundPort}\n`);
  for await (const _ of Bun.stdin.stream()) {
    Bun.gc(true);
    process.stdout.write("\n");
  }
  process.exit(0);
}

if (import.meta.main) await serve(Number(process.argv[2]), process.argv[3] === "true");
