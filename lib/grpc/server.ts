/** Dispatches calls by path to handlers on bytes; one encoded message can go to many streams. */

import { HeaderList } from "#lib/http/headers.ts";
import type { RequestHandler, ServerHandler, ServerStream } from "#lib/http-io/exchange.ts";
import { MessageReader } from "./framing.ts";
import { GrpcCode, GrpcError, statusTrailers } from "./status.ts";

/** A call as its handler sees it. */
export interface ServerCall {
  readonly request: Uint8Array;
  /** The caller's verified identity where a proxy in front tells it; empty otherwise. */
  readonly clientId: string;
  /**
   * Sends a message already framed by `frameMessage`, so that many calls can share the bytes. A caller that reads
   * slowly gets the newest message when it reads again, not a history.
   */
  send(framed: Uint8Array): void;
  end(code: number, message: string): void;
  /** Called once when the caller is gone. */
  onCancel: () => void;
}

/** Answers a call; it may send at once or later. */
export type CallHandler = (call: ServerCall) => void;

/** Serves the paths of a table, `/package.Service/Method`; others are UNIMPLEMENTED. */
export function createGrpcHandler(methods: ReadonlyMap<string, CallHandler>): ServerHandler {
  return {
    onRequest: (stream) => {
      new IncomingCall(stream, methods.get(stream.request.path));
    },
    onConnectionClose: () => undefined,
  };
}

class IncomingCall implements RequestHandler, ServerCall {
  request: Uint8Array = new Uint8Array(0);
  onCancel: () => void = () => undefined;
  readonly #stream: ServerStream;
  readonly #handler: CallHandler | undefined;
  readonly #reader = new MessageReader();
  #messages = 0;
  #started = false;
  #ended = false;
  #blocked = false;
  #newest: Uint8Array | undefined;

  constructor(stream: ServerStream, handler: CallHandler | undefined) {
    this.#stream = stream;
    this.#handler = handler;
    stream.handler = this;
    if (handler === undefined)
      this.end(GrpcCode.UNIMPLEMENTED, `unknown method ${stream.request.path}`);
    else if (stream.requestEnded) this.end(GrpcCode.INVALID_ARGUMENT, "request has no message");
  }

  get clientId(): string {
    return this.#stream.request.headers.get("l5d-client-id") ?? "";
  }

  send(framed: Uint8Array): void {
    if (this.#ended) return;
    if (this.#blocked) {
      this.#newest = framed;
      return;
    }
    this.#start();
    this.#blocked = !this.#stream.sendData(framed);
  }

  end(code: number, message: string): void {
    if (this.#ended) return;
    this.#ended = true;
    const trailers = statusTrailers(code, message);
    if (this.#started) {
      this.#stream.sendEnd(trailers);
      return;
    }
    trailers.names.unshift("content-type");
    trailers.values.unshift("application/grpc");
    this.#stream.sendHead({ status: 200, version: "HTTP/2", headers: trailers }, true);
  }

  onRequestData(chunk: Uint8Array): void {
    if (this.#ended) return;
    const problem = this.#reader.receive(chunk, (message) => {
      this.#messages++;
      this.request = message;
    });
    if (problem !== undefined)
      this.end(GrpcCode.RESOURCE_EXHAUSTED, `request message is ${problem}`);
  }

  onRequestEnd(): void {
    if (this.#ended) return;
    if (this.#messages !== 1) {
      this.end(GrpcCode.INVALID_ARGUMENT, "request must be one message");
      return;
    }
    try {
      this.#handler?.(this);
    } catch (error) {
      if (error instanceof GrpcError) this.end(error.code, error.message);
      else {
        this.end(GrpcCode.INTERNAL, "internal error");
        throw error;
      }
    }
  }

  onRequestReset(): void {
    if (this.#ended && !this.#started) return;
    this.#ended = true;
    this.onCancel();
  }

  onResponseWritable(): void {
    this.#blocked = false;
    const newest = this.#newest;
    this.#newest = undefined;
    if (newest !== undefined) this.send(newest);
  }

  #start(): void {
    if (this.#started) return;
    this.#started = true;
    const headers = HeaderList.of(["content-type", "application/grpc"]);
    this.#stream.sendHead({ status: 200, version: "HTTP/2", headers }, false);
  }
}
