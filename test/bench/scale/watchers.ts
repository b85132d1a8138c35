/** Watchers of `Destination.Get`, as proxies are: some streams on each of many connections, tried again until they are open. */

import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { GetDestinationSchema, UpdateSchema } from "#lib/api/gen/proxy/destination_pb.ts";
import { callStreaming } from "#lib/grpc/client.ts";
import type { ClientConnection } from "#lib/http-io/exchange.ts";
import { connectHttp2 } from "#lib/http-io/http2-client.ts";
import { connectTcp } from "#lib/net/connect.ts";
import { systemClock } from "#lib/sys/system-clock.ts";
import { namespaceName, nodeName, serviceName } from "./objects.ts";

/** What is opened. */
export interface WatchersOptions {
  readonly port: number;
  readonly connections: number;
  readonly streams: number;
  /** The Service that a watcher of this number watches. */
  readonly service: (watcher: number) => number;
}

const PATH = "/io.linkerd.proxy.destination.Destination/Get";
const AUTHORITY = "linkerd-dst.linkerd.svc.cluster.local";
const RETRY_MS = 500;

/** How many addresses an update adds and removes. */
type Change = { readonly added: number; readonly removed: number };
/** An update that some watchers must see. */
type Awaited = Change & { readonly left: Set<number>; readonly seen: () => void };

/** So many watchers; what they see is told by the instant at which the last of them saw it. */
export class Watchers {
  readonly #options: WatchersOptions;
  readonly #connections = new Set<ClientConnection>();
  /** Those that have not had the whole set. */
  readonly #new = new Set<number>();
  readonly #synced = Promise.withResolvers<void>();
  readonly #failed = Promise.withResolvers<never>();
  #awaited: Awaited | undefined;
  #stopped = false;
  /** Many watchers get the same bytes: they are read once. */
  #last: { readonly bytes: Buffer; readonly change: Change } | undefined;

  constructor(options: WatchersOptions) {
    this.#options = options;
    for (let watcher = 0; watcher < options.connections * options.streams; watcher++)
      this.#new.add(watcher);
    this.#failed.promise.catch(() => undefined);
    for (let number = 0; number < options.connections; number++) {
      // Spread, as proxies' retries are by their jitter.
      const waitMs = (RETRY_MS * number) / options.connections;
      setTimeout(() => this.#connect(number), waitMs);
    }
  }

  /** Settles when every watcher has its first whole set; rejects where one gets something else. */
  get synced(): Promise<void> {
    return Promise.race([this.#synced.promise, this.#failed.promise]);
  }

  /** Settles when the last watcher of a Service has seen the change. */
  async see(service: number, change: Change): Promise<void> {
    const { connections, streams } = this.#options;
    const all = Array.from({ length: connections * streams }, (_, watcher) => watcher);
    const left = new Set(all.filter((watcher) => this.#options.service(watcher) === service));
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#awaited = { ...change, left, seen: resolve };
    await Promise.race([promise, this.#failed.promise]);
  }

  stop(): void {
    this.#stopped = true;
    for (const connection of this.#connections) connection.destroy();
  }

  #connect(number: number): void {
    if (this.#stopped) return;
    const again = (): void => void setTimeout(() => this.#connect(number), RETRY_MS);
    const where = { ip: "127.0.0.1", port: this.#options.port, timeoutMs: 10_000 };
    connectTcp(
      { ...where, clock: systemClock, onFault: (error) => this.#failed.reject(error) },
      {
        onFailed: again,
        onConnected: (stream) => {
          const observer = { onAvailable: () => undefined, onClosed: () => this.#closed() };
          const connection = connectHttp2(stream, observer, { now: () => systemClock.now() });
          this.#connections.add(connection);
          for (let stream = 0; stream < this.#options.streams; stream++)
            this.#watch(connection, { number, stream });
        },
      },
    );
  }

  #closed(): void {
    if (!this.#stopped)
      this.#failed.reject(new Error("Cannot measure: the controller closed a connection"));
  }

  #watch(
    connection: ClientConnection,
    { number, stream }: { readonly number: number; readonly stream: number },
  ): void {
    const watcher = number * this.#options.streams + stream;
    const service = this.#options.service(watcher);
    const request = create(GetDestinationSchema, {
      path: `${serviceName(service)}.${namespaceName(service)}.svc.cluster.local:80`,
      contextToken: JSON.stringify({ ns: "client", nodeName: nodeName(number) }),
    });
    const target = { authority: AUTHORITY, path: PATH };
    callStreaming(connection, target, toBinary(GetDestinationSchema, request), {
      onMessage: (message) => this.#take(watcher, message),
      onEnd: ({ message }) => {
        if (!this.#stopped)
          this.#failed.reject(new Error(`Cannot measure: a stream ended: ${message}`));
      },
    });
  }

  #take(watcher: number, message: Uint8Array): void {
    const { added, removed } = this.#read(message);
    if (this.#new.delete(watcher)) {
      if (this.#new.size === 0) this.#synced.resolve();
      return;
    }
    const awaited = this.#awaited;
    if (awaited === undefined || awaited.added !== added || awaited.removed !== removed)
      this.#failed.reject(new Error(`Cannot measure: +${added} -${removed} came unasked`));
    else if (awaited.left.delete(watcher) && awaited.left.size === 0) awaited.seen();
  }

  #read(message: Uint8Array): Change {
    if (this.#last?.bytes.equals(message) === true) return this.#last.change;
    const { update } = fromBinary(UpdateSchema, message);
    const change = {
      added: update.case === "add" ? update.value.addrs.length : 0,
      removed: update.case === "remove" ? update.value.addrs.length : 0,
    };
    this.#last = { bytes: Buffer.from(message), change };
    return change;
  }
}
