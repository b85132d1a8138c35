/** Long bodies with a reader that stops reading: what the proxies hold of them is bounded by windows that have names. */

import { readFileSync } from "node:fs";
import { HTTP2_DEFAULTS } from "#lib/http2/http2-options.ts";
import { DEFAULT_WINDOW_BYTES } from "#lib/http2/sender.ts";
import { type Pair, startPair } from "../grpc/pair.ts";
import type { Report, Suite } from "../suite.ts";
import { type Carrier, type Course, Ends, type Transfer } from "./ends.ts";

const MIB = 1024 * 1024;
/** The runtime reads at most so much of a socket at once, so a proxy stops reading so late. */
const SOCKET_READ_BYTES = 512 * 1024;
/** Each of the pair's connections: the application's, two ends of the one between the proxies, the client's. */
const SOCKETS = 4;
/** What may wait in the pair, and where. A socket has a chunk at hand and one in its write queue. */
const WINDOWS: Readonly<Record<string, number>> = {
  "HTTP/2 stream windows": 2 * Math.max(HTTP2_DEFAULTS.streamWindowBytes, DEFAULT_WINDOW_BYTES),
  "HTTP/2 connection windows": 2 * HTTP2_DEFAULTS.connectionWindowBytes,
  "chunks at hand": SOCKETS * SOCKET_READ_BYTES,
  "write queues": SOCKETS * SOCKET_READ_BYTES,
  // It waits for the next allocation with that, which does not come while nothing moves.
  "pages that the allocator gives back late": 4 * MIB,
};
const ALLOWED_BYTES: number = Object.values(WINDOWS).reduce((sum, bytes) => sum + bytes, 0);
/** Garbage that the two proxies may have before the runtime's collector comes, while bytes run: 64 MiB each. */
const GARBAGE_BYTES = 2 * 64 * MIB;
const WARM_UP_BYTES = 64 * MIB;
const SAMPLE_MS = 50;
/** The sender counts as stopped when it has sent nothing for so long. */
const QUIET_MS = 300;
/** A process is collected when so many rounds brought nothing. */
const IDLE_ROUNDS = 3;
const ROUND_MS = 50;
const LIMIT_MS = 240_000;
const CASES: readonly (readonly [Carrier, Course])[] = [
  ["HTTP/1.1", "download"],
  ["HTTP/1.1", "upload"],
  ["HTTP/2", "download"],
  ["HTTP/2", "upload"],
  ["TCP", "download"],
  ["TCP", "upload"],
];

/** 2 GiB each way. */
export const bulk: Suite = suiteOf("bulk", { quick: false, total: 2048 * MIB });
/** The same in the small, for `npm test`. */
export const bulkShort: Suite = suiteOf("bulk-short", { quick: true, total: 64 * MIB });

function suiteOf(
  name: string,
  { quick, total }: { readonly quick: boolean; readonly total: number },
): Suite {
  const run = async (report: Report): Promise<void> => {
    report.say(`what may wait in both proxies: ${mib(ALLOWED_BYTES)} (${windowsText()})`);
    for (const [carrier, course] of CASES) {
      const label = `${carrier} ${course}`;
      const ends = new Ends(carrier, course);
      const pair = await startPair({ port: ends.listener.port, opaque: carrier === "TCP" });
      try {
        const seen = await measure(ends, pair, total);
        report.say(`${label}: ${textOf(seen)}`);
        const why = refusal(seen);
        if (why === undefined) report.passed(label);
        else report.failed(label, why);
      } catch (error) {
        report.failed(label, error instanceof Error ? error.message : String(error));
      } finally {
        await pair.stop();
        ends.listener.stop();
      }
    }
  };
  return { name, quick, needs: [], run };
}

/** Resident bytes of the process that holds both proxies. */
interface Seen {
  /** After a warm-up, and a collection. */
  readonly before: number;
  /** While the reader has stopped, after a collection. */
  readonly stalled: number;
  /** After the whole body, and a collection. */
  readonly after: number;
  /** The most while it ran. */
  readonly peak: number;
  /** Sent and not received when the reader had stopped: the kernel's buffers hold the most of it. */
  readonly inFlight: number;
}

async function measure(ends: Ends, pair: Pair, total: number): Promise<Seen> {
  const warmUp = ends.start(pair.port, WARM_UP_BYTES, Number.POSITIVE_INFINITY);
  await inTime(warmUp.sink.done);
  const before = await collected(pair);
  let peak = before;
  const sampling = setInterval(() => {
    peak = Math.max(peak, residentBytes(pair.pid));
  }, SAMPLE_MS);
  try {
    const transfer = ends.start(pair.port, total, total / 2);
    await inTime(transfer.sink.stalled);
    await quiet(transfer);
    const inFlight = transfer.sent - transfer.sink.received;
    const stalled = await collected(pair);
    transfer.resume();
    await inTime(transfer.sink.done);
    return { before, stalled, after: await collected(pair), peak, inFlight };
  } finally {
    clearInterval(sampling);
  }
}

function refusal({ before, stalled, after, peak }: Seen): string | undefined {
  if (stalled - before > ALLOWED_BYTES)
    return `a stalled reader made the proxies hold ${mib(stalled - before)}`;
  if (after - before > ALLOWED_BYTES)
    return `the transfer left ${mib(after - before)} in the proxies`;
  if (peak - before > ALLOWED_BYTES + GARBAGE_BYTES)
    return `the proxies grew by ${mib(peak - before)} while bytes ran`;
  return undefined;
}

function textOf({ before, stalled, after, peak, inFlight }: Seen): string {
  const grown = (bytes: number): string => `${bytes < before ? "" : "+"}${mib(bytes - before)}`;
  return `${mib(before)} resident, ${grown(stalled)} while the reader has stopped (${mib(inFlight)} in flight), ${grown(after)} after, ${grown(peak)} at most while it ran`;
}

/** Waits until the sender cannot send any more. */
async function quiet(transfer: Transfer): Promise<void> {
  for (let sent = -1; sent !== transfer.sent; ) {
    sent = transfer.sent;
    await Bun.sleep(QUIET_MS);
  }
}

/** Collects until it brings nothing more: finalizers let go of more in the next round, and the allocator gives back late. */
async function collected(pair: Pair): Promise<number> {
  let least = Number.POSITIVE_INFINITY;
  for (let idle = 0; idle < IDLE_ROUNDS; ) {
    await pair.collect();
    await Bun.sleep(ROUND_MS);
    const bytes = residentBytes(pair.pid);
    idle = bytes < least - MIB / 4 ? 0 : idle + 1;
    least = Math.min(least, bytes);
  }
  return least;
}

function residentBytes(pid: number): number {
  const rollup = readFileSync(`/proc/${pid}/smaps_rollup`, "utf8");
  return Number(/^Rss:\s+(\d+) kB/m.exec(rollup)?.[1] ?? Number.NaN) * 1024;
}

async function inTime(transfer: Promise<void>): Promise<void> {
  let timer: Timer | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error("the transfer did not end in time")), LIMIT_MS);
  });
  await Promise.race([transfer, late]);
  clearTimeout(timer);
}

const mib = (bytes: number): string => `${(bytes / MIB).toFixed(1)} MiB`;

function windowsText(): string {
  return Object.entries(WINDOWS)
    .map(([name, bytes]) => `${name} ${mib(bytes)}`)
    .join(", ");
}
