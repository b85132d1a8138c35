/** The peers that proxies are measured against, and the applications behind both. */

/** Where the server side's network namespace is reached. */
export const SERVER_IP = "10.98.0.2";

/** Ports in the bench's own network namespaces. Those of applications are the same on both sides. */
export const PORTS = {
  http1App: 8081,
  http2App: 8091,
  /** Applications of those who are not attacked. */
  http1Other: 8085,
  http2Other: 8095,
  /** Where an attack has its own server. */
  hostileApp: 8061,
  /** The same application where no rule redirects: without any proxy. */
  directApp: 8084,
  /** One plain hop, on the client's side. */
  http1Peer: 8082,
  tcpPeer: 8083,
  http2Peer: 8092,
  /** One hop that takes mTLS: an nginx that dials ours, and one that dials its like. */
  dialOurs: 8101,
  dialPeer: 8102,
  mtlsPeer: 26_143,
  /** HAProxy's pair, outbound and inbound. */
  pairHttp1: 14_140,
  pairHttp2: 14_141,
  pairTcp: 15_140,
  pairHttp1In: 14_143,
  pairHttp2In: 14_144,
  pairTcpIn: 15_143,
} as const;

/** Every nginx of the bench. */
export type NginxRole = "app" | "other" | "http1" | "tcp" | "dial" | "mtls";

/** Files that the peers' configurations name. */
export interface PeerFiles {
  readonly dir: string;
  readonly serverName: string;
}

/** One nginx; each master has one worker. */
export function nginxConfig(role: NginxRole, { dir, serverName }: PeerFiles): string {
  const common = `worker_processes 1; daemon off; pid ${dir}/${role}.pid; error_log ${dir}/${role}.log;\nevents { worker_connections 8000; }\n`;
  const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
    .map((kind) => `${kind}_temp_path ${dir}/${role}-${kind};`)
    .join(" ");
  const http = (rest: string): string =>
    `${common}http { access_log off; keepalive_requests 1000000000; ${temporary} ${rest} }\n`;
  const app = `upstream app { server 127.0.0.1:${PORTS.http1App}; keepalive 256; keepalive_requests 1000000000; }`;
  switch (role) {
    case "app":
      return http(
        `server { listen 0.0.0.0:${PORTS.http1App} backlog=4096; listen 0.0.0.0:${PORTS.directApp}; root ${dir}/www; }`,
      );
    case "other":
      return http(`server { listen 0.0.0.0:${PORTS.http1Other}; root ${dir}/www; }`);
    case "http1":
      return http(`${app} server { listen 127.0.0.1:${PORTS.http1Peer}; ${pass("http://app")} }`);
    case "tcp":
      return `load_module /usr/lib/nginx/modules/ngx_stream_module.so;\n${common}stream { server { listen 127.0.0.1:${PORTS.tcpPeer}; proxy_pass 127.0.0.1:${PORTS.http1App}; } }\n`;
    case "dial":
      return http(
        `${dial({ dir, serverName }, PORTS.dialOurs, PORTS.http1App)} ${dial({ dir, serverName }, PORTS.dialPeer, PORTS.mtlsPeer)}`,
      );
    case "mtls":
      return http(
        `${app} server { listen ${SERVER_IP}:${PORTS.mtlsPeer} ssl; ssl_certificate ${dir}/server.pem; ssl_certificate_key ${dir}/server.key; ssl_client_certificate ${dir}/anchors-client.pem; ssl_verify_client on; ssl_protocols TLSv1.3; ${pass("http://app")} }`,
      );
  }
}

const pass = (to: string): string =>
  `location / { proxy_pass ${to}; proxy_http_version 1.1; proxy_set_header Connection ""; }`;

function dial({ dir, serverName }: PeerFiles, from: number, to: number): string {
  return `upstream at${to} { server ${SERVER_IP}:${to}; keepalive 256; keepalive_requests 1000000000; }
    server { listen 127.0.0.1:${from}; proxy_ssl_certificate ${dir}/client.pem; proxy_ssl_certificate_key ${dir}/client.key;
      proxy_ssl_trusted_certificate ${dir}/anchors-client.pem; proxy_ssl_verify on; proxy_ssl_name ${serverName};
      proxy_ssl_server_name on; proxy_ssl_protocols TLSv1.3; ${pass(`https://at${to}`)} }`;
}

/** What every HAProxy of the bench begins with; `global` adds to its first section. */
export const haproxyCommon = (global = ""): string => `global
  nbthread 1
  maxconn 8000
${global}defaults
  mode http
  timeout connect 3s
  timeout client 1h
  timeout server 1h
  http-reuse always
`;

/** HAProxy's pair: HTTP/2 over mTLS between them, as a mesh does it. */
export function haproxyConfig(
  side: "outbound" | "inbound",
  { dir, serverName }: PeerFiles,
): string {
  const verify = `ca-file ${dir}/anchors-client.pem verify required`;
  if (side === "inbound") {
    const tls = `ssl crt ${dir}/server.bundle.pem ${verify} ssl-min-ver TLSv1.3`;
    return `${haproxyCommon()}frontend http1
  option http-no-delay
  bind ${SERVER_IP}:${PORTS.pairHttp1In} ${tls} alpn h2,http/1.1
  default_backend app1
backend app1
  option http-no-delay
  server app 127.0.0.1:${PORTS.http1App}
frontend http2
  option http-no-delay
  bind ${SERVER_IP}:${PORTS.pairHttp2In} ${tls} alpn h2
  default_backend app2
backend app2
  option http-no-delay
  server app 127.0.0.1:${PORTS.http2App} proto h2
listen opaque
  mode tcp
  bind ${SERVER_IP}:${PORTS.pairTcpIn} ${tls}
  server app 127.0.0.1:${PORTS.http1App}
`;
  }
  const tls = `ssl crt ${dir}/client.bundle.pem ${verify} verifyhost ${serverName} sni str(${serverName}) ssl-min-ver TLSv1.3`;
  return `${haproxyCommon()}listen http1
  option http-no-delay
  bind 127.0.0.1:${PORTS.pairHttp1}
  server peer ${SERVER_IP}:${PORTS.pairHttp1In} ${tls} alpn h2
listen http2
  option http-no-delay
  bind 127.0.0.1:${PORTS.pairHttp2} proto h2
  server peer ${SERVER_IP}:${PORTS.pairHttp2In} ${tls} alpn h2
listen opaque
  mode tcp
  bind 127.0.0.1:${PORTS.pairTcp}
  server peer ${SERVER_IP}:${PORTS.pairTcpIn} ${tls}
`;
}

/** The applications that the server's proxy stands before. */
const INBOUND_PORTS = [
  ...[PORTS.http1App, PORTS.http2App, PORTS.http1Other, PORTS.http2Other, PORTS.hostileApp],
].join(", ");

/** What redirects to the proxies, as tier 2 does: uid 2102 is a proxy itself. */
export const REDIRECT_RULES: Readonly<Record<"client" | "server", string>> = {
  client: `table inet bunkerd_bench {
  chain output {
    type nat hook output priority -100;
    meta skuid 2102 return
    ip daddr 10.99.0.0/24 meta l4proto tcp redirect to :4140
  }
}
`,
  server: `table inet bunkerd_bench {
  chain prerouting {
    type nat hook prerouting priority -100;
    tcp dport { ${INBOUND_PORTS} } redirect to :4143
  }
}
`,
};
