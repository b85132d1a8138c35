/** Requests that go on within the process: what is sent here as to a server, a handler of ours takes. */

import type { HeaderList } from "#lib/http/headers.ts";
import type { RequestHead, ResponseHead } from "#lib/http/message.ts";
import {
  type ClientConnection,
  type ClientStream,
  type ConnectionSource,
  type ConnectionWaiter,
  NOBODY,
  type RequestHandler,
  type ResponseHandler,
  type ServerStream,
} from "./exchange.ts";

/** Gives connections of either version, as pools do, whose requests all go to one taker. */
export function joinedSources(onRequest: (stream: ServerStream) => void): {
  readonly http1: JoinedSource;
  readonly http2: JoinedSource;
} {
  return {
    http1: new JoinedSource(new JoinedConnection("HTTP/1.1", onRequest)),
    http2: new JoinedSource(new JoinedConnection("HTTP/2", onRequest)),
  };
}

/** Always has its one connection at hand. */
export class JoinedSource implements ConnectionSource {
  readonly #connection: JoinedConnection;

  constructor(connection: JoinedConnection) {
    this.#connection = connection;
  }

  acquire(waiter: ConnectionWaiter): void {
    waiter.onConnection(this.#connection);
  }

  cancel(): void {
    // Nobody waits.
  }

  drain(): void {
    // There is nothing to close.
  }
}

/** Hands requests of one version to whoever takes them. */
export class JoinedConnection implements ClientConnection {
  readonly version: ClientConnection["version"];
  readonly available = true;
  readonly activeStreams = 0;
  readonly #onRequest: (stream: ServerStream) => void;

  constructor(version: ClientConnection["version"], onRequest: (stream: ServerStream) => void) {
    this.version = version;
    this.#onRequest = onRequest;
  }

  /** The head is copied, as both sides change theirs. */
  send(head: RequestHead, end: boolean, handler: ResponseHandler): ClientStream {
    const server = new Answering({ ...head, headers: head.headers.clone() }, end, handler);
    const client = new Asking(server, handler);
    server.client = client;
    server.begin(this.#onRequest);
    return client;
  }

  drain(): void {
    // There is nothing to close.
  }

  destroy(): void {
    // Requests under way are their senders'.
  }
}

/** The side that answers. */
class Answering implements ServerStream {
  readonly request: RequestHead;
  readonly requestEnded: boolean;
  handler: RequestHandler = NOBODY;
  client: Asking | undefined;
  /** The client wants nothing more for now. */
  paused = false;
  /** Nothing more is answered. */
  #over = false;
  /** One of the two has given up. */
  #reset = false;
  readonly #to: ResponseHandler;
  /** What was answered before the client had its stream in hands. */
  #early: (() => void)[] | undefined;

  constructor(request: RequestHead, requestEnded: boolean, to: ResponseHandler) {
    this.request = request;
    this.requestEnded = requestEnded;
    this.#to = to;
  }

  /** Whoever answers at once is heard in the next microtask. */
  begin(onRequest: (stream: ServerStream) => void): void {
    const early: (() => void)[] = [];
    this.#early = early;
    onRequest(this);
    if (early.length > 0) queueMicrotask(() => this.#catchUp(early));
    else this.#early = undefined;
  }

  /** Nothing more is wanted; a tunnel hears of it also where its answer has ended. */
  giveUp(code: number): void {
    if (this.#reset) return;
    this.#reset = true;
    this.#over = true;
    this.handler.onRequestReset({ reason: "cancelled", code, unprocessed: false });
  }

  pauseRequest(): void {
    this.client?.hold();
  }

  resumeRequest(): void {
    this.client?.release(this.handler);
  }

  sendInformational(head: ResponseHead): void {
    this.#tell(() => this.#to.onResponseInformational(head));
  }

  sendHead(head: ResponseHead, end: boolean): void {
    this.#tell(() => this.#to.onResponseHead(head, end), end);
  }

  sendBytes(bytes: Uint8Array, from: number, to: number): boolean {
    if (this.#over) return true;
    if (this.#early === undefined) this.#to.onResponseBytes(bytes as Buffer, from, to);
    else {
      const kept = Buffer.from(bytes.subarray(from, to));
      this.#early.push(() => this.#to.onResponseBytes(kept, 0, kept.length));
    }
    return !this.paused;
  }

  sendEnd(trailers: HeaderList | undefined): void {
    this.#tell(() => this.#to.onResponseEnd(trailers), true);
  }

  resetResponse(code: number): void {
    this.#reset = true;
    const reset = { reason: "cancelled", code, unprocessed: false } as const;
    this.#tell(() => this.#to.onResponseReset(reset), true);
  }

  #tell(what: () => void, last = false): void {
    if (this.#over) return;
    this.#over = last;
    if (this.#early === undefined) what();
    else this.#early.push(what);
  }

  /** A client that has given up meanwhile hears nothing. */
  #catchUp(early: readonly (() => void)[]): void {
    for (const tell of early) if (this.client?.gaveUp !== true) tell();
    this.#early = undefined;
  }
}

/** The side that asks. */
class Asking implements ClientStream {
  gaveUp = false;
  readonly #server: Answering;
  readonly #to: ResponseHandler;
  /** The server wants nothing more for now; what comes all the same is kept. */
  #paused = false;
  #kept: Uint8Array[] = [];
  #end: { readonly trailers: HeaderList | undefined } | undefined;

  constructor(server: Answering, to: ResponseHandler) {
    this.#server = server;
    this.#to = to;
  }

  sendBytes(bytes: Uint8Array, from: number, to: number): boolean {
    if (this.#paused) this.#kept.push(new Uint8Array(bytes.subarray(from, to)));
    else this.#server.handler.onRequestBytes(bytes as Buffer, from, to);
    return !this.#paused;
  }

  sendEnd(trailers: HeaderList | undefined): void {
    if (this.#paused) this.#end = { trailers };
    else this.#server.handler.onRequestEnd(trailers);
  }

  resetRequest(code: number): void {
    this.gaveUp = true;
    this.#kept = [];
    this.#server.giveUp(code);
  }

  pauseResponse(): void {
    this.#server.paused = true;
  }

  resumeResponse(): void {
    if (!this.#server.paused) return;
    this.#server.paused = false;
    this.#server.handler.onResponseWritable();
  }

  hold(): void {
    this.#paused = true;
  }

  /** The server goes on: it gets what was kept, and the client goes on too where the server still wants more. */
  release(handler: RequestHandler): void {
    if (!this.#paused) return;
    this.#paused = false;
    let kept = this.#kept.shift();
    for (; kept !== undefined && !this.#paused; kept = this.#kept.shift())
      handler.onRequestBytes(Buffer.from(kept.buffer), 0, kept.length);
    if (kept !== undefined) this.#kept.unshift(kept);
    if (this.#paused) return;
    const end = this.#end;
    this.#end = undefined;
    if (end !== undefined) handler.onRequestEnd(end.trailers);
    else if (!this.gaveUp) this.#to.onRequestWritable();
  }
}
