/** The peers that proxies are measured against, and the backends behind both. */

/** Ports in the bench's own network namespace. */
export const PORTS = {
  backend: 8081,
  http1Peer: 8082,
  tcpPeer: 8083,
  http2Backend: 8091,
  http2Peer: 8092,
} as const;

/** nginx three times: as backend, as HTTP/1 proxy and as stream proxy; each master has one worker. */
export function nginxConfig(dir: string, what: "backend" | "http1" | "tcp"): string {
  const common = `worker_processes 1; daemon off; pid ${dir}/${what}.pid; error_log ${dir}/${what}.log;\nevents { worker_connections 4096; }\n`;
  const http = (server: string): string =>
    `${common}http { access_log off; keepalive_requests 1000000000; client_body_temp_path ${dir}/${what}-body; proxy_temp_path ${dir}/${what}-proxy; ${server} }\n`;
  switch (what) {
    case "backend":
      return http(`server { listen 127.0.0.1:${PORTS.backend}; root ${dir}/www; }`);
    case "http1":
      return http(
        `upstream app { server 127.0.0.1:${PORTS.backend}; keepalive 128; keepalive_requests 1000000000; }
         server { listen 127.0.0.1:${PORTS.http1Peer}; location / { proxy_pass http://app; proxy_http_version 1.1; proxy_set_header Connection ""; } }`,
      );
    case "tcp":
      return `load_module /usr/lib/nginx/modules/ngx_stream_module.so;\n${common}stream { server { listen 127.0.0.1:${PORTS.tcpPeer}; proxy_pass 127.0.0.1:${PORTS.backend}; } }\n`;
  }
}

/** What redirects the bench's services to the proxy, as tier 2 does: uid 2102 is the proxy itself. */
export const REDIRECT_RULES = `table inet bunkerd_bench {
  chain output {
    type nat hook output priority -100;
    meta skuid 2102 return
    ip daddr 10.99.0.0/24 meta l4proto tcp redirect to :4140
  }
}
`;
