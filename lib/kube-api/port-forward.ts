/** `pods/NAME/portforward`: ports inside a pod, on channels of the client's connection. */

import type { SimpleRequest } from "#lib/http-io/simple.ts";
import { ApiError } from "./api-error.ts";
import type { ChannelObserver, Channels } from "./channels.ts";
import { ForwardedPort, type ForwardObserver } from "./forwarded-port.ts";
import { nodeOf } from "./pod-target.ts";
import type { ResourceCall, Served } from "./served.ts";
import { acceptSpdy } from "./spdy-channels.ts";
import { type ConnectPort, SpdyForward } from "./spdy-forward.ts";
import {
  acceptChannels,
  acceptWebSocket,
  chooseProtocol,
  isWebSocket,
} from "./websocket-channels.ts";

/** Two channels a port: data on the even one, errors on the odd one; each begins with the port. */
const CHANNELS = "v4.channel.k8s.io";
const PORT_LIMIT = 65_535;

/** SPDY's streams inside a WebSocket, as current kubectl has them; and alone, as those before 1.31. */
const TUNNELLED = "SPDY/3.1+portforward.k8s.io";

/** Connects the client with the ports that it asks for. */
export function servePortForward(served: Served, call: ResourceCall, request: SimpleRequest): void {
  const { name: pod, namespace } = call.route;
  served.registry.get(call.resource, pod, namespace);
  const node = nodeOf(served, "forward port");
  const connect: ConnectPort = (port, observer) =>
    new ForwardedPort(node.connect({ namespace, pod, port }), observer);
  if (!isWebSocket(request)) {
    acceptAlone(request, connect);
    return;
  }
  const protocol = chooseProtocol(request, [CHANNELS, TUNNELLED]);
  if (protocol === TUNNELLED) {
    acceptTunnelled(request, connect);
    return;
  }
  const ports = portsOf(request);
  const forward = new ChannelForward();
  forward.start(acceptChannels(request, protocol, forward), { ports, connect });
}

function acceptAlone(request: SimpleRequest, connect: ConnectPort): void {
  const tunnel = acceptSpdy(request, "portforward.k8s.io");
  const forward = new SpdyForward(
    {
      send: (bytes) => tunnel.write(bytes),
      pause: () => tunnel.pause(),
      resume: () => tunnel.resume(),
      close: () => tunnel.end(),
    },
    connect,
  );
  tunnel.onData = (chunk) => forward.connection.take(chunk);
  tunnel.onDrain = () => forward.drained();
  tunnel.onEnd = () => forward.connection.close();
}

function acceptTunnelled(request: SimpleRequest, connect: ConnectPort): void {
  const socket = acceptWebSocket(request, TUNNELLED, {
    onMessage: (bytes) => forward.connection.take(bytes),
    onDrain: () => forward.drained(),
    onClose: () => forward.connection.left(),
  });
  const forward = new SpdyForward(
    {
      send: (bytes) => socket.send(bytes),
      pause: () => socket.pause(),
      resume: () => socket.resume(),
      close: () => socket.close(),
    },
    connect,
  );
}

/** `ports=80&ports=81` or `ports=80,81`. Throws BadRequest for anything else. */
function portsOf(request: SimpleRequest): readonly number[] {
  const texts = request.query.getAll("ports").flatMap((each) => each.split(","));
  if (texts.length === 0) throw new ApiError("BadRequest", 'query parameter "ports" is required');
  return texts.map((text) => {
    const port = /^\d{1,5}$/.test(text) ? Number(text) : 0;
    if (port >= 1 && port <= PORT_LIMIT) return port;
    throw new ApiError("BadRequest", `unable to parse ${JSON.stringify(text)} as a port`);
  });
}

type Targets = {
  readonly ports: readonly number[];
  readonly connect: ConnectPort;
};

/** Channels of one client, and the connections of their ports. */
class ChannelForward implements ChannelObserver {
  #ports: readonly ForwardedPort[] = [];
  #channels: Channels | undefined;
  readonly #open = new Set<number>();

  start(channels: Channels, { ports, connect }: Targets): void {
    this.#channels = channels;
    for (const [index, port] of ports.entries()) {
      this.#open.add(index);
      const prefix = Uint8Array.of(port & 0xff, port >> 8);
      channels.send(2 * index, prefix);
      channels.send(2 * index + 1, prefix);
    }
    this.#ports = ports.map((port, index) => connect(port, this.#observe(channels, index)));
  }

  onData(channel: number, bytes: Uint8Array): void {
    if (channel % 2 === 0 && this.#ports[channel / 2]?.write(bytes) === false)
      this.#channels?.pause();
  }

  onEnd(channel: number): void {
    if (channel % 2 === 0) this.#ports[channel / 2]?.end();
  }

  onDrain(): void {
    for (const port of this.#ports) port.resume();
  }

  onClose(): void {
    for (const port of this.#ports) port.leave();
  }

  #observe(channels: Channels, index: number): ForwardObserver {
    return {
      onData: (bytes) => channels.send(2 * index, bytes),
      onWritable: () => channels.resume(),
      // The protocol has no half-close: a pod that has said all ends its port.
      onEnd: () => this.#finish(index),
      onClose: (error) => {
        if (error !== undefined) channels.send(2 * index + 1, Buffer.from(error));
        this.#finish(index);
      },
    };
  }

  #finish(index: number): void {
    this.#ports[index]?.leave();
    this.#open.delete(index);
    if (this.#open.size === 0) this.#channels?.close();
  }
}
