/** `io.linkerd.proxy.tap.Tap/Observe`: who asks is told of requests until the limit, or until it goes. */

import type { MessageInitShape, MessageShape } from "@bufbuild/protobuf";
import type { ObserveRequestSchema, TapEventSchema } from "#lib/api/gen/proxy/tap_pb.ts";
import { decode } from "#lib/api/wire/decode.ts";
import { encode } from "#lib/api/wire/encode.ts";
import { ObserveRequest, TapEvent } from "#lib/api/wire/gen/tap.ts";
import { frameMessage } from "#lib/grpc/framing.ts";
import type { CallHandler, ServerCall } from "#lib/grpc/server.ts";
import { GrpcCode, GrpcError } from "#lib/grpc/status.ts";
import { toTapTest } from "./tap-match.ts";
import { Tap, type Taps } from "./taps.ts";

/** The method's path. */
export const OBSERVE = "/io.linkerd.proxy.tap.Tap/Observe";

/** Events that wait for a reader who is behind; further ones are not told. */
export const EVENTS_LIMIT = 400;

/** Answers calls of it. */
export function observeHandler(taps: Taps): CallHandler {
  let calls = 0;
  return (call) => {
    const { limit, match, extract } = readRequest(call);
    if (limit === 0) throw new GrpcError(GrpcCode.INVALID_ARGUMENT, "limit must be positive");
    const events = new Events(call);
    const tap = new Tap({
      base: calls++ >>> 0,
      limit,
      test: toTapTest(match),
      headers: extract?.extract.value?.extract.case === "headers",
      send: (event) => events.send(event),
      onEnd: () => {
        taps.remove(tap);
        events.end();
      },
    });
    if (!taps.add(tap)) throw new GrpcError(GrpcCode.RESOURCE_EXHAUSTED, "too many taps");
    call.onCancel = () => taps.remove(tap);
  };
}

function readRequest(call: ServerCall): MessageShape<typeof ObserveRequestSchema> {
  try {
    return decode(ObserveRequest, call.request);
  } catch {
    throw new GrpcError(GrpcCode.INVALID_ARGUMENT, "request cannot be read");
  }
}

/** What is told to one call, in order. */
class Events {
  readonly #call: ServerCall;
  #waiting: Uint8Array[] = [];
  #ended = false;

  constructor(call: ServerCall) {
    this.#call = call;
    call.onWritable = () => this.#flush();
  }

  send(event: MessageInitShape<typeof TapEventSchema>): void {
    if (this.#waiting.length >= EVENTS_LIMIT) return;
    this.#waiting.push(frameMessage(encode(TapEvent, event)));
    this.#flush();
  }

  end(): void {
    this.#ended = true;
    this.#flush();
  }

  #flush(): void {
    while (!this.#call.blocked && this.#waiting.length > 0)
      this.#call.send(this.#waiting.shift() as Uint8Array);
    if (this.#ended && this.#waiting.length === 0) this.#call.end(GrpcCode.OK, "");
  }
}
