/** Dispatches calls by path to handlers on bytes; one encoded message can go to many streams. */

import { HeaderList } from "#lib/http/headers.ts";
import type { RequestHandler, ServerHandler, ServerStream } from "#lib/http-io/exchange.ts";
import type { Clock, Timer } from "#lib/time/clock.ts";
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
  /** Whether the caller is behind: what is sent now only replaces what waits. */
  readonly blocked: boolean;
  /** Called once when the caller is gone, or its deadline has passed. */
  onCancel: () => void;
  /** Called each time the caller reads again, after what waited was sent. */
  onWritable: () => void;
}

/** Answers a call; it may send at once or later. */
export type CallHandler = (call: ServerCall) => void;

/** Serves the paths of a table, `/package.Service/Method`; others are UNIMPLEMENTED. With a clock, `grpc-timeout` ends a call. */
export function createGrpcHandler(
  methods: ReadonlyMap<string, CallHandler>,
  clock?: Clock,
): ServerHandler {
  return {
    onRequest: (stream) => {
      const call = new IncomingCall(stream, methods.get(stream.request.path));
      if (clock !== undefined) call.watchDeadline(clock);
    },
    onConnectionClose: () => undefined,
  };
}

class IncomingCall implements RequestHandler, ServerCall {
  request: Uint8Array = new Uint8Array(0);
  onCancel: () => void = () => undefined;
  onWritable: () => void = () => undefined;
  readonly #stream: ServerStream;
  readonly #handler: CallHandler | undefined;
  readonly #reader = new MessageReader();
  #messages = 0;
  #started = false;
  #ended = false;
  #blocked = false;
  #deadline: Timer | undefined;
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

  get blocked(): boolean {
    return this.#blocked;
  }

  /** Ends the call when the caller's own time limit has passed. */
  watchDeadline(clock: Clock): void {
    const limitMs = parseGrpcTimeout(this.#stream.request.headers.get("grpc-timeout") ?? "");
    if (limitMs === undefined || this.#ended) return;
    this.#deadline = clock.after(limitMs, () => {
      if (this.#ended) return;
      this.end(GrpcCode.DEADLINE_EXCEEDED, "deadline exceeded");
      this.onCancel();
    });
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
    this.#deadline?.cancel();
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
    this.#deadline?.cancel();
    this.onCancel();
  }

  onResponseWritable(): void {
    this.#blocked = false;
    const newest = this.#newest;
    this.#newest = undefined;
    if (newest !== undefined) this.send(newest);
    if (!this.#blocked && !this.#ended) this.onWritable();
  }

  #start(): void {
    if (this.#started) return;
    this.#started = true;
    const headers = HeaderList.of(["content-type", "application/grpc"]);
    this.#stream.sendHead({ status: 200, version: "HTTP/2", headers }, false);
  }
}

/** Milliseconds of each unit of `grpc-timeout`. */
const UNITS: Readonly<Record<string, number>> = {
  H: 3_600_000,
  M: 60_000,
  S: 1000,
  m: 1,
  u: 1e-3,
  n: 1e-6,
};

/** Reads 1 to 8 digits and a unit, as milliseconds; undefined where it is anything else. */
function parseGrpcTimeout(text: string): number | undefined {
  const [, digits, unit = ""] = /^(\d{1,8})([HMSmun])$/.exec(text) ?? [];
  return digits === undefined ? undefined : Number(digits) * (UNITS[unit] ?? 1);
}
