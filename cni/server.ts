/** The agent's Unix socket: one request a connection, one container at a time, a bound on all. */

import { rmSync } from "node:fs";
import { listen } from "#lib/net/listener.ts";
import type { TcpStream } from "#lib/net/tcp-stream.ts";
import type { Clock } from "#lib/time/clock.ts";
import { type CniAnswer, tryLater } from "./result.ts";
import { answerFrame, FrameReader, readRequestFrame, type WireRequest } from "./wire.ts";

/** Requests in work at a time; one more is told to come again. */
export const PARALLEL_LIMIT: number = 128;

/** A connection that has not sent its request by then is closed; the shim gives up at the same time. */
const REQUEST_DEADLINE_MS = 10_000;

/** A server that can be stopped; what is in work is finished. */
export interface CniServer {
  stop(): void;
}

/** Serves the socket at `path`, which only its owner may dial; an old socket there is replaced. */
export function serveCni(options: {
  readonly path: string;
  readonly clock: Clock;
  readonly handle: (request: WireRequest) => Promise<CniAnswer>;
  readonly onFault: (error: Error) => void;
}): CniServer {
  const { path, clock, handle, onFault } = options;
  const queue = new ContainerQueue(handle);
  rmSync(path, { force: true });
  const listener = listen(
    { unix: path, mode: 0o600 },
    (stream) => {
      const timer = clock.after(REQUEST_DEADLINE_MS, () => stream.destroy());
      new Conversation(stream, (request) => {
        timer.cancel();
        queue.run(request).then(
          (answer) => reply(stream, answer),
          (error: unknown) => {
            onFault(error instanceof Error ? error : new Error(String(error)));
            reply(stream, tryLater("Cannot serve the call: the node agent failed"));
          },
        );
      }).onClose = () => timer.cancel();
    },
    onFault,
  );
  return {
    stop: () => {
      listener.stop();
      rmSync(path, { force: true });
    },
  };
}

function reply(stream: TcpStream, answer: CniAnswer): void {
  stream.write(answerFrame(answer));
  stream.end();
}

/** Reads one request off a connection. */
class Conversation {
  onClose: () => void = () => undefined;

  constructor(stream: TcpStream, onRequest: (request: WireRequest) => void) {
    const reader = new FrameReader();
    let asked = false;
    stream.handler = {
      onData: (chunk) => {
        if (asked) return;
        try {
          const content = reader.push(chunk);
          if (content === undefined) return;
          asked = true;
          onRequest(readRequestFrame(content));
        } catch {
          // No shim of ours: it gets no answer, and a shim that does not understand takes us for away.
          stream.destroy();
        }
      },
      // The shim leaves first only when it has given up.
      onEnd: () => stream.destroy(),
      onDrain: () => undefined,
      onClose: () => this.onClose(),
    };
  }
}

/** Runs requests, those of one container in the order they came. */
export class ContainerQueue {
  readonly #handle: (request: WireRequest) => Promise<CniAnswer>;
  readonly #last = new Map<string, Promise<unknown>>();
  #running = 0;

  constructor(handle: (request: WireRequest) => Promise<CniAnswer>) {
    this.#handle = handle;
  }

  async run(request: WireRequest): Promise<CniAnswer> {
    if (this.#running >= PARALLEL_LIMIT)
      return tryLater(`Cannot serve the call: ${PARALLEL_LIMIT} are in work`);
    this.#running++;
    const before = this.#last.get(request.containerId) ?? Promise.resolve();
    const mine = before.then(() => this.#handle(request));
    // Whoever comes next waits for the end, not for success.
    const settled = mine.catch(() => undefined);
    this.#last.set(request.containerId, settled);
    try {
      return await mine;
    } finally {
      this.#running--;
      if (this.#last.get(request.containerId) === settled) this.#last.delete(request.containerId);
    }
  }
}
