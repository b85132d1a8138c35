/** Shows Services of type LoadBalancer on the user's loopback: a listener each, relayed into the node. */

import type { Informer } from "#lib/k8s/informer.ts";
import type { Service } from "#lib/k8s/types/core.ts";
import type { Logger } from "#lib/log/logger.ts";
import { connectTcp } from "#lib/net/connect.ts";
import { type Listener, listen } from "#lib/net/listener.ts";
import type { TcpStream } from "#lib/net/tcp-stream.ts";
import { inNetns } from "#lib/sys/netns.ts";
import type { Clock } from "#lib/time/clock.ts";

/** What is followed, and where the Services' addresses can be reached. */
export type ExposeOptions = {
  readonly services: Informer<Service>;
  readonly netns: string;
  readonly clock: Clock;
  readonly logger: Logger;
};

/** A port of a Service on the loopback. */
export type ExposedPort = {
  readonly service: string;
  readonly port: number;
  readonly local: number;
};

/** Milliseconds to reach a Service. */
const CONNECT_TIMEOUT_MS = 5_000;
const LOOPBACK = "127.0.0.1";

/** The ports shown now. */
export interface Exposed {
  list(): readonly ExposedPort[];
  stop(): void;
}

/** Follows until stopped. A Service keeps its port number where it is free on the loopback, else it gets another. */
export function exposeServices(options: ExposeOptions): Exposed {
  const open = new Map<string, Shown>();
  const close = (chosen: (shown: Shown) => boolean): void => {
    for (const [key, shown] of open)
      if (chosen(shown)) {
        shown.listener.stop();
        open.delete(key);
      }
  };
  const take = (service: Service): void => {
    const name = nameOf(service);
    const targets = targetsOf(service);
    close(({ exposed, target }) => exposed.service === name && !targets.some(isSame(target)));
    for (const target of targets) {
      const { port } = target;
      const key = `${name}/${port}`;
      if (open.has(key)) continue;
      const listener = bind(options, target);
      open.set(key, { listener, target, exposed: { service: name, port, local: listener.port } });
    }
  };
  for (const service of options.services.list()) take(service);
  const stop = options.services.subscribe(({ type, object }) => {
    if (type === "deleted") close(({ exposed }) => exposed.service === nameOf(object));
    else take(object);
  });
  return {
    list: () => [...open.values()].map(({ exposed }) => exposed),
    stop: () => {
      stop();
      close(() => true);
    },
  };
}

type Target = { readonly ip: string; readonly port: number };
type Shown = {
  readonly target: Target;
  readonly exposed: ExposedPort;
  readonly listener: Listener;
};

const nameOf = ({ metadata }: Service): string => `${metadata?.namespace}/${metadata?.name}`;

const isSame =
  (one: Target) =>
  (other: Target): boolean =>
    one.ip === other.ip && one.port === other.port;

/** Where the TCP ports of a Service are, if it is to be shown. */
function targetsOf({ spec }: Service): Target[] {
  const { type, clusterIP: ip, ports = [] } = spec ?? {};
  if (type !== "LoadBalancer" || ip === undefined) return [];
  return ports
    .filter(({ protocol = "TCP" }) => protocol === "TCP")
    .map(({ port }) => ({ ip, port }));
}

function bind(options: ExposeOptions, target: Target): Listener {
  const fault = (error: Error): void =>
    options.logger.debug("relay failed", { error: error.message });
  const accept = (client: TcpStream): void => relayInto(options, client, target);
  try {
    return listen({ ip: LOOPBACK, port: target.port }, accept, fault);
  } catch {
    return listen({ ip: LOOPBACK, port: 0 }, accept, fault);
  }
}

function relayInto(
  { netns, clock, logger }: ExposeOptions,
  client: TcpStream,
  target: Target,
): void {
  client.pause();
  const onFault = (error: Error): void => logger.debug("relay failed", { error: error.message });
  const within = (open: () => void): void => inNetns(netns, open);
  connectTcp(
    { ...target, timeoutMs: CONNECT_TIMEOUT_MS, clock, onFault, within },
    {
      onConnected: (server) => {
        if (client.isClosed) {
          server.destroy();
          return;
        }
        join(client, server);
        join(server, client);
        client.resume();
      },
      onFailed: () => client.destroy(),
    },
  );
}

/** Carries one direction, with back-pressure, half-close and reset. */
function join(from: TcpStream, to: TcpStream): void {
  from.handler = {
    onData: (chunk) => {
      if (!to.write(chunk)) from.pause();
    },
    onEnd: () => to.end(),
    onDrain: () => to.resume(),
    onClose: (error) => {
      if (error === undefined) to.end();
      else to.destroy();
    },
  };
}
