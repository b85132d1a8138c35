/** Port-forward over SPDY: for each connection the client opens a stream for errors, and one for data. */

import type { ForwardedPort, ForwardObserver } from "./forwarded-port.ts";
import { SpdyConnection, type SpdyStream, type SpdyTransport } from "./spdy-connection.ts";

/** Opens a connection into the pod. */
export type ConnectPort = (port: number, observer: ForwardObserver) => ForwardedPort;

/** What of the client's connection is slowed down, and how. */
export interface SpdyForwardTransport extends SpdyTransport {
  pause(): void;
  resume(): void;
}

/** One client's connection, with as many forwarded ones as it opens. */
export class SpdyForward {
  readonly connection: SpdyConnection;
  readonly #transport: SpdyForwardTransport;
  readonly #connect: ConnectPort;
  readonly #errors = new Map<string, SpdyStream>();
  readonly #ports = new Set<ForwardedPort>();

  constructor(transport: SpdyForwardTransport, connect: ConnectPort) {
    this.#transport = transport;
    this.#connect = connect;
    this.connection = new SpdyConnection(transport, (stream) => this.#opened(stream));
  }

  /** The client takes bytes again. */
  drained(): void {
    for (const port of this.#ports) port.resume();
  }

  #opened(stream: SpdyStream): void {
    const request = stream.fields.get("requestid") ?? "";
    const port = Number(stream.fields.get("port"));
    const type = stream.fields.get("streamtype");
    if (type === "error") {
      this.#errors.set(request, stream);
      const forget = (): void => void this.#errors.delete(request);
      stream.observer = { onData: () => undefined, onEnd: () => undefined, onReset: forget };
      return;
    }
    const errors = this.#errors.get(request);
    this.#errors.delete(request);
    if (type !== "data" || errors === undefined || !(port > 0 && port < 65_536)) stream.reset();
    else this.#forward(port, { data: stream, errors });
  }

  #forward(
    number: number,
    { data, errors }: { readonly data: SpdyStream; readonly errors: SpdyStream },
  ): void {
    const port = this.#connect(number, {
      onData: (bytes) => data.send(bytes),
      onWritable: () => this.#transport.resume(),
      onEnd: () => data.end(),
      onClose: (error) => {
        this.#ports.delete(port);
        if (error !== undefined) errors.send(Buffer.from(error));
        errors.end();
        data.end();
      },
    });
    this.#ports.add(port);
    data.observer = {
      onData: (bytes) => {
        if (!port.write(bytes)) this.#transport.pause();
      },
      onEnd: () => port.end(),
      onReset: () => {
        this.#ports.delete(port);
        port.leave();
        errors.end();
      },
    };
  }
}
