/** Bun.serve for admin ports: metrics, readiness, webhooks. Never on a listener that carries identity. */

import { everyAddress } from "./every-address.ts";

/** A request to an admin port. */
export interface PlainRequest {
  readonly method: string;
  readonly path: string;
  /** What stands after `?`, without it; empty where nothing does. */
  readonly query: string;
  readonly remoteIp: string;
  header(name: string): string | undefined;
  text(): Promise<string>;
}

/** An answer to it. */
export interface PlainResponse {
  readonly status: number;
  readonly body: string;
  readonly contentType?: string;
}

/** A server that can be stopped. */
export interface PlainServer {
  readonly port: number;
  stop(): void;
}

/** A request body longer than this is refused with 413. */
export const BODY_LIMIT_BYTES: number = 8 * 1024 * 1024;

/** Serves HTTP/1.1, with TLS where a key and a chain are given. */
export function servePlain(
  options: {
    readonly ip: string;
    readonly port: number;
    readonly tls?: { readonly keyPem: string; readonly chainPem: string };
  },
  answer: (request: PlainRequest) => PlainResponse | Promise<PlainResponse>,
): PlainServer {
  const server = Bun.serve({
    hostname: everyAddress(options.ip),
    port: options.port,
    maxRequestBodySize: BODY_LIMIT_BYTES,
    ...(options.tls && { tls: { key: options.tls.keyPem, cert: options.tls.chainPem } }),
    fetch: async (request, self) => {
      const url = new URL(request.url);
      const { status, body, contentType } = await answer({
        method: request.method,
        path: url.pathname,
        query: url.search.slice(1),
        remoteIp: self.requestIP(request)?.address ?? "",
        header: (name) => request.headers.get(name) ?? undefined,
        text: () => request.text(),
      });
      return new Response(body, {
        status,
        headers: { "content-type": contentType ?? "text/plain" },
      });
    },
  });
  return { port: server.port ?? 0, stop: () => void server.stop(true) };
}
