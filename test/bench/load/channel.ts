/** A connection of the load generator: it sends one request a slot and says when each is answered. */

/** What a channel tells. `scheduledMs` is what `send` was given. */
export interface ChannelObserver {
  /** A slot is free: after connecting once for each slot, then after each answer. */
  onFree(channel: Channel): void;
  /** An answer came whole; `ok` where it is a success, else `why` says what came, where the protocol knows. */
  onAnswer(scheduledMs: number, ok: boolean, why?: string): void;
  /** The connection is gone, or was never made; each request without an answer is told so before, as not `ok`. */
  onClosed(channel: Channel, opened: boolean): void;
}

/** A connection. */
export interface Channel {
  /** Sends the next request; there must be a free slot. */
  send(scheduledMs: number): void;
  close(): void;
}

/** Certificates of a client, PEM; the server must show `serverName`. */
export interface ClientTls {
  readonly ca: string;
  readonly cert?: string;
  readonly key?: string;
  readonly serverName: string;
}

/** Where the load goes, and in which protocol. */
export interface ChannelOptions {
  readonly protocol: "http1" | "http2" | "tcp";
  readonly ip: string;
  readonly port: number;
  readonly authority: string;
  readonly path: string;
  /** HTTP/1.1: what each request carries, as JSON by POST; not said: GET. */
  readonly body?: string;
  /** HTTP/2: requests at a time on one connection. */
  readonly streams: number;
  /** TCP: bytes that go to and fro. */
  readonly payloadBytes: number;
  readonly tls?: ClientTls;
}

/** What a protocol does with a connection. */
export interface Wire {
  /** The connection is there. */
  onOpen(): void;
  /** Bytes came; they may be reused after the call. */
  onData(bytes: Buffer): void;
  /** It is gone: requests without an answer are told. */
  onGone(): void;
}

/** Writes to a connection. */
export interface Outlet {
  write(bytes: Uint8Array): void;
  end(): void;
}

/** The part of Bun's sockets that is used here. */
interface Socket {
  write(bytes: Uint8Array): number;
  end(): void;
  terminate(): void;
  setNoDelay(on: boolean): void;
}

/** Connects, and gives the protocol what comes. What the kernel does not take at once waits. */
export function openWire(
  options: ChannelOptions,
  make: (outlet: Outlet) => Wire,
  onGone: (opened: boolean) => void,
): void {
  let socket: Socket | undefined;
  let waiting: Buffer = Buffer.alloc(0);
  let gone = false;
  let opened = false;
  const push = (bytes: Uint8Array): void => {
    const taken = socket?.write(bytes) ?? 0;
    if (taken < bytes.length) waiting = Buffer.from(bytes.subarray(Math.max(taken, 0)));
  };
  const wire = make({
    write: (bytes) => {
      if (waiting.length > 0) waiting = Buffer.concat([waiting, bytes]);
      else push(bytes);
    },
    end: () => socket?.end(),
  });
  const lost = (): void => {
    if (gone) return;
    gone = true;
    wire.onGone();
    onGone(opened);
  };
  const begin = (): void => {
    opened = true;
    wire.onOpen();
  };
  const handlers = {
    open: (made: Socket) => {
      socket = made;
      made.setNoDelay(true);
      if (options.tls === undefined) begin();
    },
    handshake: (made: Socket, ok: boolean) => {
      if (options.tls === undefined) return;
      if (ok) begin();
      else made.terminate();
    },
    data: (_: Socket, bytes: Buffer) => wire.onData(bytes),
    drain: () => {
      const rest = waiting;
      waiting = Buffer.alloc(0);
      if (rest.length > 0) push(rest);
    },
    end: (made: Socket) => made.end(),
    close: lost,
    error: lost,
    connectError: lost,
  };
  const tls = options.tls && {
    ...options.tls,
    rejectUnauthorized: true,
    ...(options.protocol === "http2" && { ALPNProtocols: Buffer.from("\x02h2", "latin1") }),
  };
  const where = { hostname: options.ip, port: options.port, ...(tls && { tls }) };
  const connect = { ...where, socket: handlers } as unknown as Parameters<typeof Bun.connect>[0];
  Bun.connect(connect).catch(lost);
}
