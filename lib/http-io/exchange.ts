/** What a request is, seen from both ends: the contract between codecs' drivers and whoever answers or forwards. */

import type { HeaderList } from "#lib/http/headers.ts";
import type { RequestHead, ResponseHead } from "#lib/http/message.ts";
import type { Http1Error } from "#lib/http1/http1-error.ts";
import type { ByteStreamHandler } from "#lib/net/byte-stream.ts";

/** Why a message will not be completed. `code` is the HTTP/2 error code where there is one. */
export interface Reset {
  readonly reason: "cancelled" | "refused" | "protocol" | "connection" | "timeout" | "go-away";
  readonly code: number;
  /** True when the peer is sure not to have processed the request: no byte sent, REFUSED_STREAM, or past GOAWAY. */
  readonly unprocessed: boolean;
}

/**
 * Receives what the client sends after the head of a request, and learns when the response can flow on.
 * Names differ from ResponseHandler's, so that one proxied exchange can be both.
 */
export interface RequestHandler {
  /** Bytes of the request's body, `bytes[from .. to)`, valid during the call only. */
  onRequestBytes(bytes: Buffer, from: number, to: number): void;
  onRequestEnd(trailers: HeaderList | undefined): void;
  /** The client gave up or its connection ended; nothing more may be sent. */
  onRequestReset(reset: Reset): void;
  /** The response may flow on after `sendBytes` returned false. */
  onResponseWritable(): void;
}

/** Takes a request whose answer does not depend on the rest of it. */
export const NOBODY: RequestHandler = {
  onRequestBytes: () => undefined,
  onRequestEnd: () => undefined,
  onRequestReset: () => undefined,
  onResponseWritable: () => undefined,
};

/** One request on a server connection. Calls after the response ended or was reset are ignored. */
export interface ServerStream {
  readonly request: RequestHead;
  /** True when the request has no body: onRequestEnd was not and will not be called. */
  readonly requestEnded: boolean;
  /** Must be set before `onRequest` returns; NOBODY until then. */
  handler: RequestHandler;
  pauseRequest(): void;
  resumeRequest(): void;
  sendInformational(head: ResponseHead): void;
  /**
   * Sends the final head. In HTTP/1 the driver chooses the framing (content-length in the headers, else chunked, else close).
   * 101, and 2xx to CONNECT, make the stream a tunnel: raw bytes both ways, `sendEnd` half-closes.
   */
  sendHead(head: ResponseHead, end: boolean): void;
  /** Sends `bytes[from .. to)`. False: stop until onResponseWritable. They are taken in any case. */
  sendBytes(bytes: Uint8Array, from: number, to: number): boolean;
  sendEnd(trailers: HeaderList | undefined): void;
  /** Ends the response without completing it: RST_STREAM, or the connection closed in HTTP/1. */
  resetResponse(code: number): void;
}

/** Whoever serves a connection. */
export interface ServerHandler {
  onRequest(stream: ServerStream): void;
  /** The client sent what is refused, and its connection ends; a request under way hears of it by onRequestReset. */
  onRefused?(error: Http1Error): void;
  /** The connection is gone; every open stream has had onRequestReset before. */
  onConnectionClose(): void;
}

/** A connection that is served. */
export interface ServerConnection extends ByteStreamHandler {
  readonly activeStreams: number;
  /** Takes no new requests; closes when those under way have ended. */
  drain(): void;
  destroy(): void;
}

/** Receives the response to a request that was sent. */
export interface ResponseHandler {
  onResponseInformational(head: ResponseHead): void;
  onResponseHead(head: ResponseHead, end: boolean): void;
  /** Bytes of the response's body, `bytes[from .. to)`, valid during the call only. */
  onResponseBytes(bytes: Buffer, from: number, to: number): void;
  onResponseEnd(trailers: HeaderList | undefined): void;
  onResponseReset(reset: Reset): void;
  /** The request may flow on after `sendBytes` returned false. */
  onRequestWritable(): void;
}

/** One request on a client connection. */
export interface ClientStream {
  sendBytes(bytes: Uint8Array, from: number, to: number): boolean;
  sendEnd(trailers: HeaderList | undefined): void;
  /** Gives the request up: RST_STREAM, or the connection closed in HTTP/1. */
  resetRequest(code: number): void;
  pauseResponse(): void;
  resumeResponse(): void;
}

/** A connection that requests can be sent on. */
export interface ClientConnection {
  readonly version: "HTTP/1.1" | "HTTP/2";
  /** Whether a further request may be sent now (HTTP/1: idle; HTTP/2: below the peer's stream limit, no GOAWAY). */
  readonly available: boolean;
  readonly activeStreams: number;
  send(head: RequestHead, end: boolean, handler: ResponseHandler): ClientStream;
  /** Takes no more requests and closes when the last one has ended. */
  drain(): void;
  destroy(): void;
}

/** Follows a client connection: whoever keeps it hears when it is free and when it is gone. */
export interface ClientObserver {
  /** It can take a request (again). */
  onAvailable(connection: ClientConnection): void;
  onClosed(connection: ClientConnection): void;
}

/** Gives connections: a pool. */
export interface ConnectionSource {
  /** Calls the waiter with a connection, at once where one is free. */
  acquire(waiter: ConnectionWaiter): void;
  /** The waiter no longer wants a connection, and hears nothing more. */
  cancel(waiter: ConnectionWaiter): void;
}

/** Waits for a connection of a pool; exactly one of the two is called, perhaps at once. */
export interface ConnectionWaiter {
  onConnection(connection: ClientConnection): void;
  onConnectFailed(error: Error): void;
}
