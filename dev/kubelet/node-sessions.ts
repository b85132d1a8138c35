/** Logs and commands of containers, for whoever asks through the API. */

import { closeSync, openSync, readSync, statSync } from "node:fs";
import { formatSocketAddr } from "#lib/addr/socket-addr.ts";
import { requestOnce } from "#lib/http-io/request-once.ts";
import type {
  ContainerName,
  LogQuery,
  NodeApi,
  PodPort,
  PodRequest,
  PodResponse,
} from "#lib/kube-api/node-api.ts";
import { connectTcp } from "#lib/net/connect.ts";
import type { TcpStream } from "#lib/net/tcp-stream.ts";
import { inNetns } from "#lib/sys/netns.ts";
import type { Clock } from "#lib/time/clock.ts";
import { runCommand } from "./command-session.ts";
import type { PodWorker, WorkerContainer } from "./pod-worker.ts";

/** How containers are found, and time for logs that are followed. */
export type NodeSessions = {
  readonly clock: Clock;
  /** Path of the node's network namespace, from which pods are asked. */
  readonly netns: string;
  find(pod: Pick<ContainerName, "namespace" | "pod">): PodWorker | undefined;
};

/** How often a followed log is looked at, in milliseconds. */
const FOLLOW_MS = 100;
const CHUNK_BYTES = 64 * 1024;
const LINE_FEED = 0x0a;

/** The node as the API server reaches it. */
export function createNodeApi(sessions: NodeSessions): NodeApi {
  return {
    log: (container, query) => readLog(sessions, container, query),
    proxy: (request) => askPod(sessions, request),
    connect: async (to) => await connectInside(sessions, to),
    run: (container, request) => runCommand(found(sessions, container).running, request),
  };
}

function found(
  sessions: NodeSessions,
  { namespace, pod, container }: ContainerName,
): WorkerContainer {
  const worker = sessions.find({ namespace, pod })?.container(container);
  if (worker === undefined)
    throw new Error(`container "${container}" in pod "${pod}" is waiting to start`);
  return worker;
}

async function* readLog(
  sessions: NodeSessions,
  container: ContainerName,
  query: LogQuery & { readonly signal: AbortSignal },
): AsyncGenerator<Uint8Array> {
  const { tailLines, follow, limitBytes = Number.POSITIVE_INFINITY, signal } = query;
  if (query.timestamps || query.sinceSeconds !== undefined)
    throw new Error(
      "timestamps and since are not offered in dev mode: logs are kept without times",
    );
  const log = logOf(sessions, container, query);
  const isWritten = (): boolean => {
    const now = sessions.find(container)?.container(container.container);
    return now?.running !== undefined && now.logs[0] === log;
  };
  const file = openSync(log, "r");
  try {
    let at = tailLines === undefined ? 0 : tailStart(file, tailLines);
    let left = limitBytes;
    while (!signal.aborted && left > 0) {
      const chunk = Buffer.alloc(Math.min(CHUNK_BYTES, left));
      // Asked before the read, so that the last words are not missed.
      const goesOn = follow && isWritten();
      const length = readSync(file, chunk, 0, chunk.length, at);
      at += length;
      left -= length;
      if (length > 0) yield chunk.subarray(0, length);
      else if (goesOn) await pause(sessions.clock, signal);
      else return;
    }
  } finally {
    closeSync(file);
  }
}

function logOf(sessions: NodeSessions, container: ContainerName, { previous }: LogQuery): string {
  const { logs } = found(sessions, container);
  const log = logs[previous ? 1 : 0];
  if (log !== undefined) return log;
  const { pod, container: name } = container;
  throw new Error(
    previous
      ? `previous terminated container "${name}" in pod "${pod}" not found`
      : `container "${name}" in pod "${pod}" is waiting to start`,
  );
}

async function pause(clock: Clock, signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const done = (): void => resolve();
  signal.addEventListener("abort", done, { once: true });
  const timer = clock.after(FOLLOW_MS, done);
  await promise;
  timer.cancel();
  signal.removeEventListener("abort", done);
}

/** Where the last lines begin: read backwards, a chunk at a time. A line feed at the very end begins no line. */
function tailStart(file: number, lines: number): number {
  const chunk = Buffer.alloc(CHUNK_BYTES);
  const size = statSync(`/proc/self/fd/${file}`).size;
  if (lines === 0) return size;
  let wanted = lines;
  for (let end = size; end > 0; end = Math.max(0, end - CHUNK_BYTES)) {
    const start = Math.max(0, end - CHUNK_BYTES);
    readSync(file, chunk, 0, end - start, start);
    for (let at = end - 1; at >= start; at -= 1) {
      if (chunk[at - start] !== LINE_FEED || at === size - 1) continue;
      wanted -= 1;
      if (wanted <= 0) return at + 1;
    }
  }
  return 0;
}

/** Milliseconds for a pod to answer a request through the API. */
const PROXY_TIMEOUT_MS = 10_000;

async function askPod(
  { clock, netns, find }: NodeSessions,
  { namespace, pod, port, method, path }: PodRequest,
): Promise<PodResponse> {
  const ip = find({ namespace, pod })?.ip;
  if (ip === undefined) throw new Error(`pod "${pod}" has no address yet`);
  const { promise, resolve, reject } = Promise.withResolvers<TcpStream>();
  const within = (open: () => void): void => inNetns(netns, open);
  const where = { ip, port, timeoutMs: PROXY_TIMEOUT_MS, clock, onFault: reject, within };
  connectTcp(where, { onConnected: resolve, onFailed: reject });
  return await requestOnce(await promise, {
    ...{
      method,
      authority: formatSocketAddr({ ip, port }),
      path,
      timeoutMs: PROXY_TIMEOUT_MS,
      clock,
    },
    fields: [["accept", "*/*"]],
  });
}

/** Milliseconds for a port of a pod to accept a connection. */
const CONNECT_TIMEOUT_MS = 10_000;

/** From inside the pod, as programs that listen on its loopback only are to be reached too. */
function connectInside(
  { clock, find }: NodeSessions,
  { namespace, pod, port }: PodPort,
): Promise<TcpStream> {
  const { promise, resolve, reject } = Promise.withResolvers<TcpStream>();
  const netns = find({ namespace, pod })?.netns;
  if (netns === undefined) throw new Error(`pod "${pod}" has no network yet`);
  const where = {
    ...{ ip: "127.0.0.1", port, timeoutMs: CONNECT_TIMEOUT_MS, clock, onFault: reject },
    within: (open: () => void): void => inNetns(netns, open),
  };
  connectTcp(where, { onConnected: resolve, onFailed: reject });
  return promise;
}
