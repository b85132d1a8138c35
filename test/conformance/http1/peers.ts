/** Other proxies in front of an origin of their own, on loopback: Debian's nginx, HAProxy and Apache. */

import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import type { Subprocess } from "bun";
import { until } from "../../fake/mesh.ts";
import { exchange } from "./bed.ts";
import { RawServer } from "./raw-server.ts";

/** How long a peer waits for what a client does not send. */
const PATIENCE_S = 1;

interface Kind {
  readonly name: string;
  readonly program: string;
  /** The configuration's text, and the words that start it in the foreground. */
  config(ports: { readonly own: number; readonly origin: number }, folder: string): string;
  words(config: string, folder: string): readonly string[];
}

const nginx: Kind = {
  name: "nginx",
  program: "/usr/sbin/nginx",
  words: (config, folder) => ["-p", folder, "-c", config, "-e", `${folder}/error.log`],
  config: ({ own, origin }, folder) => `
daemon off; user root; worker_processes 1; pid ${folder}/pid; error_log ${folder}/error.log;
events { worker_connections 256; }
http {
  access_log off; client_body_temp_path ${folder}/body; proxy_temp_path ${folder}/proxy;
  fastcgi_temp_path ${folder}/f; uwsgi_temp_path ${folder}/u; scgi_temp_path ${folder}/s;
  client_header_timeout ${PATIENCE_S}s; client_body_timeout ${PATIENCE_S}s; client_max_body_size 0;
  large_client_header_buffers 8 32k; lingering_close off;
  server { listen 127.0.0.1:${own}; location / {
    proxy_pass http://127.0.0.1:${origin}; proxy_http_version 1.1; proxy_set_header Host $http_host;
    proxy_ignore_client_abort on;
  } }
}`,
};

const haproxy: Kind = {
  name: "HAProxy",
  program: "/usr/sbin/haproxy",
  words: (config) => ["-db", "-q", "-f", config],
  config: ({ own, origin }) => `
global
  maxconn 256
  tune.bufsize 131072
  tune.http.maxhdr 200
defaults
  mode http
  timeout connect 2s
  timeout client ${PATIENCE_S}s
  timeout server 5s
  timeout http-request ${PATIENCE_S}s
frontend in
  bind 127.0.0.1:${own}
  default_backend out
backend out
  server origin 127.0.0.1:${origin}
`,
};

const apache: Kind = {
  name: "Apache",
  program: "/usr/sbin/apache2",
  words: (config) => ["-DFOREGROUND", "-f", config],
  config: ({ own, origin }, folder) => `
ServerRoot /usr/lib/apache2
${["mpm_event", "authz_core", "proxy", "proxy_http", "reqtimeout"].map((name) => `LoadModule ${name}_module modules/mod_${name}.so`).join("\n")}
DefaultRuntimeDir ${folder}
PidFile ${folder}/pid
ErrorLog ${folder}/error.log
ServerName peer.test
User www-data
Group www-data
Listen 127.0.0.1:${own}
StartServers 1
Timeout ${PATIENCE_S}
RequestReadTimeout header=${PATIENCE_S} body=${PATIENCE_S}
MaxKeepAliveRequests 0
LimitRequestFieldSize 32768
LimitRequestLine 32768
LimitRequestFields 200
AllowEncodedSlashes NoDecode
ProxyPreserveHost On
MergeSlashes Off
TraceEnable extended
ProxyPassMatch ^(/.*)$ http://127.0.0.1:${origin}$1 nocanon disablereuse=on
`,
};

/** A peer has answered when nothing more has come for this long, or will not where nothing has come at all. */
const QUIET_MS = 40;
const SILENT_MS = 400;

/** Sends bytes to a peer and gathers its answers. It is not half-closed: some take that for a client that has gone. */
export async function converse(port: number, bytes: string): Promise<string> {
  const chunks: Buffer[] = [];
  await new Promise<void>((resolve) => {
    const socket = connect({ port, host: "127.0.0.1" });
    const done = (): void => {
      clearTimeout(timer);
      socket.destroy();
      resolve();
    };
    let timer = setTimeout(done, SILENT_MS);
    socket.on("data", (chunk: Buffer) => {
      chunks.push(chunk);
      clearTimeout(timer);
      timer = setTimeout(done, QUIET_MS);
    });
    for (const event of ["end", "close", "error"]) socket.on(event, done);
    socket.write(Buffer.from(bytes, "latin1"));
  });
  return Buffer.concat(chunks).toString("latin1");
}

/** One other proxy that runs. */
export interface Peer {
  readonly name: string;
  readonly port: number;
  readonly origin: RawServer;
  stop(): Promise<void>;
}

/** Starts so many of each kind that this machine has. */
export async function startPeers(lanes: number): Promise<Peer[]> {
  const kinds = [nginx, haproxy, apache].filter(({ program }) => existsSync(program));
  const all = Array.from({ length: lanes }, () => kinds).flat();
  return await Promise.all(all.map(startPeer));
}

/** How many kinds of other proxies there can be. */
export const PEERS = 3;

async function startPeer(kind: Kind): Promise<Peer> {
  const folder = mkdtempSync(`${tmpdir()}/peer-`);
  for (const name of ["body", "proxy"]) mkdirSync(`${folder}/${name}`);
  const origin = new RawServer();
  // Apache waits for it before it sends a body.
  origin.early = (text) =>
    /\r\nexpect: [^\r]*\r\n[\s\S]*\r\n\r\n$/i.test(text)
      ? { bytes: "HTTP/1.1 100 Continue\r\n\r\n" }
      : undefined;
  const [originPort, port] = [await origin.listen(), await freePort()];
  const config = `${folder}/config`;
  writeFileSync(config, kind.config({ own: port, origin: originPort }, folder));
  const words = [kind.program, ...kind.words(config, folder)];
  const child: Subprocess = Bun.spawn(words, { stdout: "ignore", stderr: "ignore" });
  const stop = async (): Promise<void> => {
    child.kill();
    await child.exited;
    origin.stop();
    rmSync(folder, { recursive: true, force: true });
  };
  const request = "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
  await until(
    async () => (await exchange(port, request)).answer.startsWith("HTTP/1.1 200"),
    () => `${kind.name} does not serve: see ${folder}/error.log`,
  );
  return { name: kind.name, port, origin, stop };
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  await new Promise<void>((resolve) => server.close(() => resolve()));
  return address === null || typeof address === "string" ? 0 : address.port;
}
