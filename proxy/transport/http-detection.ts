/** Looks at the first bytes of a connection that may be HTTP. */

import type { ByteStream } from "#lib/net/byte-stream.ts";
import type { Clock } from "#lib/time/clock.ts";
import type { Detections, DetectResult } from "../telemetry/detect-metrics.ts";
import { detectProtocol, type Protocol } from "./detect.ts";
import { FirstBytes, type FirstBytesObserver } from "./first-bytes.ts";
import type { Relays } from "./relay.ts";

/** How long to look, and at what. */
export interface Detection {
  readonly clock: Clock;
  readonly timeoutMs: number;
  /** What was read before. */
  readonly initial: Uint8Array;
  /** Counts it; undefined where policy says already what it speaks. */
  readonly counts: Detections | undefined;
  /** Count it while it speaks, and it is not known yet what. */
  readonly relays?: Pick<Relays, "undecided">;
  /** The peer has ended its side behind what was read before: nothing more will be. */
  readonly ended?: boolean;
}

/**
 * Tells what a connection speaks (undefined: it could not be seen in time), what was read, and whether the peer has
 * ended its side. One that ends before it has said anything is ended.
 */
export function detectHttp(
  stream: ByteStream,
  { counts, ended = false, ...how }: Detection,
  onDetected: (protocol: Protocol | undefined, bytes: Uint8Array, ended: boolean) => void,
): void {
  const { clock, initial } = how;
  const startedMs = clock.now();
  const count = (result: DetectResult): void => counts?.count(result, clock.now() - startedMs);
  const look = (bytes: Uint8Array): boolean => detectProtocol(bytes) !== undefined;
  const observer: FirstBytesObserver = {
    onDecided: (bytes) => {
      const protocol = detectProtocol(bytes);
      count(resultOf(protocol));
      onDetected(protocol, bytes, ended);
    },
    onUndecided: (bytes, why) => {
      if (why === "end" && bytes.length === 0) {
        count("error");
        stream.end();
        return;
      }
      count(why === "timeout" ? "read_timeout" : "not_http");
      onDetected(undefined, bytes, why === "end");
    },
    onClosed: () => count("error"),
  };
  if (!ended) new FirstBytes(stream, { ...how, look }, observer);
  else if (look(initial)) observer.onDecided(initial);
  else observer.onUndecided(initial, "end");
}

function resultOf(protocol: Protocol | undefined): DetectResult {
  if (protocol === "http1") return "http/1";
  return protocol === "http2" ? "http/2" : "not_http";
}
