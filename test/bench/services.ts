/** The Services that the bench's control plane knows: what a client dials, and what is behind. */

import { PORTS, SERVER_IP } from "./peers.ts";

/** One Service with one endpoint. */
export interface BenchService {
  readonly addr: string;
  readonly endpoint: string;
  readonly opaque: boolean;
  /** Its endpoint has a proxy of ours, on the server's side; otherwise it is on the client's, and the hop is plain. */
  readonly meshed: boolean;
  /** Of its route; one that is detected where it is not said. */
  readonly rules?: number;
  /** Whether its rules have retries and times. */
  readonly armed?: boolean;
  /** So many addresses of the endpoint, all on loopback; one where it is not said. */
  readonly endpoints?: number;
}

const plain = (ip: string, port: number, opaque = false): BenchService => ({
  addr: `${ip}:80`,
  endpoint: `127.0.0.1:${port}`,
  opaque,
  meshed: false,
});
const meshed = (ip: string, port: number, opaque = false): BenchService => ({
  addr: `${ip}:80`,
  endpoint: `${SERVER_IP}:${port}`,
  opaque,
  meshed: true,
});

/** By the names that their paths begin with. */
export const SERVICES: Readonly<Record<string, BenchService>> = {
  http1: plain("10.99.0.1", PORTS.http1App),
  http2: plain("10.99.0.2", PORTS.http2App),
  tcp: plain("10.99.0.3", PORTS.http1App, true),
  hostile: plain("10.99.0.4", PORTS.hostileApp),
  "other-http1": plain("10.99.0.5", PORTS.http1Other),
  "other-http2": plain("10.99.0.6", PORTS.http2Other),
  "meshed-http1": meshed("10.99.0.11", PORTS.http1App),
  "meshed-http2": meshed("10.99.0.12", PORTS.http2App),
  "rules-1": { ...plain("10.99.0.21", PORTS.http1App), rules: 1 },
  "rules-200": { ...plain("10.99.0.22", PORTS.http1App), rules: 200 },
  "endpoints-64": { ...plain("10.99.0.23", PORTS.http1App), endpoints: 64 },
  "endpoints-1000": { ...plain("10.99.0.24", PORTS.http1App), endpoints: 1000 },
  "meshed-featured": { ...meshed("10.99.0.25", PORTS.http1App), rules: 10, armed: true },
  "meshed-rules": { ...meshed("10.99.0.26", PORTS.http1App), rules: 10 },
  "meshed-armed": { ...meshed("10.99.0.27", PORTS.http1App), rules: 1, armed: true },
  "meshed-tcp": meshed("10.99.0.13", PORTS.http1App, true),
};

/** So many addresses on loopback where what listens at the endpoint's port is reached; the endpoint's own where it is one. */
export function loopbackAddrs(endpoint: string, count: number): readonly string[] {
  const [, port = ""] = endpoint.split(":");
  if (count === 1) return [endpoint];
  return Array.from({ length: count }, (_, at) => `127.1.${at >> 8}.${at & 0xff}:${port}`);
}
