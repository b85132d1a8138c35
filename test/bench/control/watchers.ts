/** Watchers of `OutboundPolicies.Watch`, as proxies are: some streams on each of many connections. */

import { create, toBinary } from "@bufbuild/protobuf";
import { TrafficSpecSchema } from "#lib/api/gen/proxy/outbound_pb.ts";
import { callStreaming } from "#lib/grpc/client.ts";
import type { ClientConnection } from "#lib/http-io/exchange.ts";
import { connectHttp2 } from "#lib/http-io/http2-client.ts";
import { connectTcp } from "#lib/net/connect.ts";
import { systemClock } from "#lib/sys/system-clock.ts";
import { fromSocketAddr } from "../../../proxy/control/convert.ts";
import { addressOf, NAMESPACE } from "./objects.ts";

const PATH = "/io.linkerd.proxy.outbound.OutboundPolicies/Watch";
const AUTHORITY = "linkerd-policy.linkerd.svc.cluster.local";
const WORKLOAD = JSON.stringify({ ns: NAMESPACE, pod: "client" });
const STREAMS = 5;

/** Watchers by the number of the Service that each watches. */
export class PolicyWatchers {
  readonly #connections: ClientConnection[] = [];
  #waiting = 0;
  #all: () => void = () => undefined;
  #seen: (service: number) => void = () => undefined;
  readonly #known = new Set<number>();

  /** Opens so many more, for Services `from` and on, and settles once each has its policy. */
  async open(port: number, how: { readonly from: number; readonly count: number }): Promise<void> {
    const { from, count } = how;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#waiting = count;
    this.#all = resolve;
    for (let first = from; first < from + count; first += STREAMS) {
      const connection = await this.#connect(port);
      for (let service = first; service < Math.min(first + STREAMS, from + count); service++)
        this.#watch(connection, service);
    }
    await promise;
  }

  /** Settles when the watcher of a Service is told something new. */
  told(service: number): Promise<void> {
    return new Promise((resolve) => {
      this.#seen = (number) => {
        if (number === service) resolve();
      };
    });
  }

  stop(): void {
    for (const connection of this.#connections) connection.destroy();
  }

  #connect(port: number): Promise<ClientConnection> {
    return new Promise((resolve, reject) => {
      connectTcp(
        { ip: "127.0.0.1", port, timeoutMs: 10_000, clock: systemClock, onFault: reject },
        {
          onFailed: reject,
          onConnected: (stream) => {
            const observer = { onAvailable: () => undefined, onClosed: () => undefined };
            const connection = connectHttp2(stream, observer, { now: () => systemClock.now() });
            this.#connections.push(connection);
            resolve(connection);
          },
        },
      );
    });
  }

  #watch(connection: ClientConnection, service: number): void {
    const addr = fromSocketAddr({ ip: addressOf(service), port: 80 });
    const spec = create(TrafficSpecSchema, {
      sourceWorkload: WORKLOAD,
      target: { case: "addr", value: addr },
    });
    const target = { authority: AUTHORITY, path: PATH };
    callStreaming(connection, target, toBinary(TrafficSpecSchema, spec), {
      onMessage: () => {
        if (this.#known.has(service)) {
          this.#seen(service);
          return;
        }
        this.#known.add(service);
        this.#waiting -= 1;
        if (this.#waiting === 0) this.#all();
      },
      onEnd: () => undefined,
    });
  }
}
