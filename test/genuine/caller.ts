/** Callers on the node, who ask the pod's application: meshed by TLS of their own, or not. */

import { HeaderList } from "#lib/http/headers.ts";
import type { RequestHead, ResponseHead } from "#lib/http/message.ts";
import type { ResponseHandler } from "#lib/http-io/exchange.ts";
import { connectHttp2 } from "#lib/http-io/http2-client.ts";
import { connectTcp } from "#lib/net/connect.ts";
import type { TcpStream } from "#lib/net/tcp-stream.ts";
import { connectTls, TlsCredentials } from "#lib/net/tls.ts";
import { inNetns } from "#lib/sys/netns.ts";
import { systemClock } from "#lib/sys/system-clock.ts";
import type { Bed } from "./bed.ts";
import { LOCAL_NAME } from "./bed.ts";
import { POD_IP } from "./place.ts";

/** Who calls: by which name, or without TLS, and from which of the node's addresses. */
export interface Caller {
  readonly name?: string;
  readonly from?: string;
}

/** What is asked of which port. */
export interface CallerAsk {
  readonly port: number;
  readonly path?: string;
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** The answer; status 0 where there was none. */
export interface CallerGot {
  readonly status: number;
  /** Fields of the head and of the trailers. */
  readonly headers: Readonly<Record<string, string>>;
}

const LIMIT_MS = 5000;
const REQUEST = "GET / HTTP/1.1\r\nhost: web.test\r\n\r\n";
const onFault = (error: Error): void => {
  throw error;
};
const nothing = (): void => undefined;

/** Opens a connection to a port of the pod; what is closed at once may never have been open. */
function open(bed: Bed, port: number, caller: Caller): Promise<TcpStream> {
  const { authority, place } = bed;
  const within = (work: () => void): void => inNetns(place.node, work);
  const { from } = caller;
  const target = {
    ...{ ip: POD_IP, port, timeoutMs: LIMIT_MS, clock: systemClock, onFault, within },
    ...(from !== undefined && { local: { ip: from, port: 0 } }),
  };
  return new Promise((resolve, reject) => {
    if (caller.name === undefined) {
      connectTcp(target, { onConnected: resolve, onFailed: reject });
      return;
    }
    const material = { ...authority.issue(caller.name), anchorsPem: authority.anchorsPem };
    const credentials = new TlsCredentials(material);
    connectTls(
      { ...target, credentials, serverName: LOCAL_NAME, alpn: [] },
      { onConnected: ({ stream }) => resolve(stream), onFailed: reject },
    );
  });
}

/** Asks by HTTP/2, as a proxy or a gRPC client does. */
export async function callFrom(bed: Bed, caller: Caller, ask: CallerAsk): Promise<CallerGot> {
  const stream = await open(bed, ask.port, caller).catch(() => undefined);
  if (stream === undefined) return { status: 0, headers: {} };
  const { host = "web.test", ...fields } = ask.headers ?? {};
  const head: RequestHead = {
    ...{ method: ask.method ?? "GET", scheme: "http", authority: host, path: ask.path ?? "/" },
    ...{ version: "HTTP/2", protocol: "", headers: HeaderList.of(...Object.entries(fields)) },
  };
  const connection = connectHttp2(
    stream,
    { onAvailable: nothing, onClosed: nothing },
    { now: () => performance.now() },
  );
  try {
    return await new Promise<CallerGot>((resolve) => {
      connection.send(head, true, new Answered(resolve));
    });
  } finally {
    connection.destroy();
  }
}

class Answered implements ResponseHandler {
  readonly #resolve: (got: CallerGot) => void;
  readonly #headers: Record<string, string> = {};
  #status = 0;

  constructor(resolve: (got: CallerGot) => void) {
    this.#resolve = resolve;
  }

  onResponseInformational(): void {
    // Nothing is made of it.
  }

  onResponseHead(head: ResponseHead, end: boolean): void {
    this.#status = head.status;
    this.#keep(head.headers);
    if (end) this.#done();
  }

  onResponseBytes(): void {
    // Only the head and the trailers are looked at.
  }

  onResponseEnd(trailers: HeaderList | undefined): void {
    if (trailers !== undefined) this.#keep(trailers);
    this.#done();
  }

  onResponseReset(): void {
    this.#resolve({ status: 0, headers: this.#headers });
  }

  onRequestWritable(): void {
    // There is no body.
  }

  #keep({ names, values }: HeaderList): void {
    for (const [at, name] of names.entries()) this.#headers[name] = values[at] ?? "";
  }

  #done(): void {
    this.#resolve({ status: this.#status, headers: this.#headers });
  }
}

/** Sends bytes, a request of HTTP/1 unless said, without TLS; what comes back, empty where the connection is closed. */
export async function rawCall(bed: Bed, port: number, bytes: string = REQUEST): Promise<string> {
  const stream = await open(bed, port, {}).catch(() => undefined);
  if (stream === undefined) return "";
  return await new Promise<string>((resolve) => {
    let text = "";
    const onClose = (): void => resolve(text);
    stream.handler = {
      onData: (chunk) => {
        text += Buffer.from(chunk).toString();
        stream.destroy();
      },
      onEnd: () => stream.destroy(),
      onDrain: nothing,
      onClose,
    };
    stream.write(Buffer.from(bytes));
  });
}
