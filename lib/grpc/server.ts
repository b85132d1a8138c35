/** Dispatches calls by path to handlers on bytes; one encoded message can go to many streams. */

import { HeaderList } from "#lib/http/headers.ts";
import type { RequestHandler, ServerHandler, ServerStream } from "#lib/http-io/exchange.ts";
import type { Clock, Timer } from "#lib/time/clock.ts";
import { type FramingProblem, MessageReader } from "./framing.ts";
import { GrpcCode, GrpcError, isGrpcContent, statusTrailers } from "./status.ts";
import { GRPC_TIMEOUT, parseGrpcTimeout } from "./timeout.ts";

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

const ONE_MESSAGE = "request must be one message";

/** Answers a call; it may send at once or later. */
export type CallHandler = (call: ServerCall) => void;

/** What a server may be given. */
export interface GrpcHandlerOptions {
  /** With it, `grpc-timeout` ends a call. */
  readonly clock?: Clock;
  /** Told what a handler threw that is no GrpcError: only its call ends. Not said: it is thrown on. */
  readonly onFault?: (error: Error) => void;
  /** How long a request may be, MESSAGE_LIMIT_BYTES where not said. */
  readonly requestBytes?: number;
  /** How much is kept of all callers' requests that have not ended: beyond that the oldest are refused. Not said: all. */
  readonly unfinishedBytes?: number;
}

/** Serves the paths of a table, `/package.Service/Method`; others are UNIMPLEMENTED, and what is not gRPC gets 415. */
export function createGrpcHandler(
  methods: ReadonlyMap<string, CallHandler>,
  options: GrpcHandlerOptions = {},
): ServerHandler {
  const shared: Shared = { ...options, unfinished: { bytes: 0, calls: new Set() } };
  return {
    onRequest: (stream) => {
      const status = refusedWith(stream);
      if (status !== undefined) {
        stream.sendHead({ status, version: "HTTP/2", headers: new HeaderList() }, true);
        return;
      }
      const call = new IncomingCall(stream, methods.get(stream.request.path), shared);
      if (options.clock !== undefined) call.watchDeadline(options.clock);
    },
    onConnectionClose: () => undefined,
  };
}

/** The HTTP status for what is no gRPC, as grpc-go answers; undefined for a call. */
function refusedWith({ request }: ServerStream): number | undefined {
  if (!isGrpcContent(request.headers.get("content-type"))) return 415;
  return request.method === "POST" ? undefined : 405;
}

/** What the calls of a server have together. */
interface Shared extends GrpcHandlerOptions {
  readonly unfinished: { bytes: number; readonly calls: Set<ServerCall> };
}

const NO_REQUEST = new Uint8Array(0);

class IncomingCall implements RequestHandler, ServerCall {
  /** Until its handler has read it: a watch lasts. */
  request: Uint8Array = NO_REQUEST;
  onCancel: () => void = () => undefined;
  onWritable: () => void = () => undefined;
  readonly #stream: ServerStream;
  readonly #handler: CallHandler | undefined;
  readonly #shared: Shared;
  readonly #reader: MessageReader;
  /** What this one has of the unfinished bytes. */
  #unfinished = 0;
  #messages = 0;
  #started = false;
  #ended = false;
  #blocked = false;
  #deadline: Timer | undefined;
  #newest: Uint8Array | undefined;

  constructor(stream: ServerStream, handler: CallHandler | undefined, shared: Shared) {
    this.#stream = stream;
    this.#handler = handler;
    this.#shared = shared;
    this.#reader = new MessageReader(shared.requestBytes);
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
    const limitMs = parseGrpcTimeout(this.#stream.request.headers.get(GRPC_TIMEOUT) ?? "");
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
    this.#blocked = !this.#stream.sendBytes(framed, 0, framed.length);
  }

  end(code: number, message: string): void {
    if (this.#ended) return;
    this.#over();
    const trailers = statusTrailers(code, message);
    if (this.#started) {
      // Taken in any case: it goes out when the caller reads again, and the trailers behind it.
      const newest = this.#newest;
      this.#newest = undefined;
      if (newest !== undefined) this.#stream.sendBytes(newest, 0, newest.length);
      this.#stream.sendEnd(trailers);
      return;
    }
    trailers.names.unshift("content-type");
    trailers.values.unshift("application/grpc");
    if (code === GrpcCode.UNIMPLEMENTED) trailers.add("grpc-accept-encoding", "identity");
    this.#stream.sendHead({ status: 200, version: "HTTP/2", headers: trailers }, true);
  }

  onRequestBytes(bytes: Buffer, from: number, to: number): void {
    if (this.#ended) return;
    const problem = this.#reader.receive(bytes.subarray(from, to), (message) => {
      this.#messages++;
      this.request = message;
    });
    if (problem !== undefined) this.#refuse(problem);
    else if (this.#messages > 1) this.end(GrpcCode.INVALID_ARGUMENT, ONE_MESSAGE);
    else this.#keeps(this.#reader.keptBytes + this.request.length);
  }

  /** Honest requests end at once: where there is too much, those who have held theirs back for longest make room. */
  #keeps(count: number): void {
    const { unfinished, unfinishedBytes = Number.POSITIVE_INFINITY } = this.#shared;
    unfinished.bytes += count - this.#unfinished;
    this.#unfinished = count;
    if (count === 0) unfinished.calls.delete(this);
    else unfinished.calls.add(this);
    for (const oldest of unfinished.calls) {
      if (unfinished.bytes <= unfinishedBytes) return;
      oldest.end(GrpcCode.RESOURCE_EXHAUSTED, "too many requests are not whole");
    }
  }

  #over(): void {
    this.#ended = true;
    this.#deadline?.cancel();
    this.#keeps(0);
    this.#reader.clear();
    this.request = NO_REQUEST;
  }

  /** As gRPC's "compression.md" has it: an encoding that is not known is UNIMPLEMENTED, one that was not named INTERNAL. */
  #refuse(problem: FramingProblem): void {
    const encoding = this.#stream.request.headers.get("grpc-encoding") ?? "identity";
    if (problem === "too-large")
      this.end(GrpcCode.RESOURCE_EXHAUSTED, "request message is too long");
    else if (problem === "compressed" && encoding !== "identity")
      this.end(GrpcCode.UNIMPLEMENTED, `grpc-encoding ${encoding} is not supported`);
    else this.end(GrpcCode.INTERNAL, `request message is ${problem}`);
  }

  onRequestEnd(): void {
    if (this.#ended) return;
    if (this.#reader.incomplete) {
      this.end(GrpcCode.INTERNAL, "request message is not whole");
      return;
    }
    if (this.#messages !== 1) {
      this.end(GrpcCode.INVALID_ARGUMENT, ONE_MESSAGE);
      return;
    }
    this.#keeps(0);
    try {
      this.#handler?.(this);
    } catch (error) {
      const { onFault } = this.#shared;
      if (error instanceof GrpcError) this.end(error.code, error.message);
      else {
        this.end(GrpcCode.INTERNAL, "internal error");
        if (onFault === undefined) throw error;
        onFault(error instanceof Error ? error : new Error(String(error)));
      }
    } finally {
      this.request = NO_REQUEST;
    }
  }

  onRequestReset(): void {
    if (this.#ended && !this.#started) return;
    this.#over();
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
