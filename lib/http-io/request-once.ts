/** One HTTP/1.1 request on a connection of its own, whole in and whole out: webhooks, probes of pods, proxies of an API. */

import { ByteChunks } from "#lib/bytes/byte-chunks.ts";
import { HeaderList } from "#lib/http/headers.ts";
import type { ByteStream } from "#lib/net/byte-stream.ts";
import type { Clock } from "#lib/time/clock.ts";
import type { ResponseHandler } from "./exchange.ts";
import { connectHttp1 } from "./http1-client.ts";

/** The request; the connection is closed after its answer. */
export type OnceRequest = {
  readonly method: string;
  readonly authority: string;
  readonly path: string;
  readonly fields: readonly (readonly [string, string])[];
  readonly body?: Uint8Array;
  /** Milliseconds until the whole answer has to be there. */
  readonly timeoutMs: number;
  readonly clock: Clock;
};

/** Its whole answer. */
export type OnceResponse = {
  readonly status: number;
  readonly contentType: string;
  readonly body: Uint8Array;
};

/** An answer with a longer body is refused. */
export const ONCE_BODY_LIMIT_BYTES: number = 16 * 1024 * 1024;

/** Sends the request and gathers its answer. Rejects where the connection breaks, or the answer is late or too long. */
export function requestOnce(stream: ByteStream, request: OnceRequest): Promise<OnceResponse> {
  const { promise, resolve, reject } = Promise.withResolvers<OnceResponse>();
  const connection = connectHttp1(stream, {
    onAvailable: () => undefined,
    onClosed: () => undefined,
  });
  const { authority, path, clock, timeoutMs } = request;
  const refuse = (why: string): void => {
    timer.cancel();
    reject(new Error(`Cannot ask ${authority}${path}: ${why}`));
    // After the verdict: to destroy it is to reset the request.
    connection.destroy();
  };
  const timer = clock.after(timeoutMs, () => refuse(`no answer in ${timeoutMs} ms`));
  const parts = new ByteChunks();
  let length = 0;
  let head = { status: 0, contentType: "" };
  const handler: ResponseHandler = {
    onResponseInformational: () => undefined,
    onResponseHead: ({ status, headers }, end) => {
      head = { status, contentType: headers.get("content-type") ?? "" };
      if (end) handler.onResponseEnd(undefined);
    },
    onResponseBytes: (bytes, from, to) => {
      length += to - from;
      if (length > ONCE_BODY_LIMIT_BYTES)
        refuse(`its answer is longer than ${ONCE_BODY_LIMIT_BYTES} bytes`);
      else parts.push(bytes, from, to);
    },
    onResponseEnd: () => {
      timer.cancel();
      resolve({ ...head, body: parts.joined() });
      connection.destroy();
    },
    onResponseReset: ({ reason }) => refuse(reason),
    onRequestWritable: () => undefined,
  };
  send(connection, request, handler);
  return promise;
}

function send(
  connection: ReturnType<typeof connectHttp1>,
  { method, authority, path, fields, body }: OnceRequest,
  handler: ResponseHandler,
): void {
  const length = body === undefined ? [] : [["content-length", String(body.length)] as const];
  const headers = HeaderList.of(...fields, ...length);
  const head = {
    method,
    scheme: "",
    authority,
    path,
    version: "HTTP/1.1",
    protocol: "",
    headers,
  } as const;
  const sent = connection.send({ ...head }, body === undefined, handler);
  if (body === undefined) return;
  sent.sendBytes(body, 0, body.length);
  sent.sendEnd(undefined);
}
