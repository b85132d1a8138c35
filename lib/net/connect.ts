/** Outgoing connections with a deadline, plain TCP or Unix. */

import type { Clock } from "#lib/time/clock.ts";
import { openInTurn } from "./opening-turns.ts";
import {
  type BunSocket,
  DETACHED,
  type FaultObserver,
  socketHandlers,
  TcpStream,
} from "./tcp-stream.ts";

/** Why a connection could not be made. */
export class ConnectError extends Error {
  override readonly name = "ConnectError";
  readonly code: "refused" | "timeout" | "tls" | "identity";

  constructor(
    message: string,
    options: { readonly code: ConnectError["code"]; readonly cause?: unknown },
  ) {
    super(message, { cause: options.cause });
    this.code = options.code;
  }
}

/** Where to connect and how long to wait once it is its turn. `local` shows the peer this address (bound in the connect hook). */
export interface ConnectOptions {
  readonly ip: string;
  readonly port: number;
  readonly timeoutMs: number;
  readonly clock: Clock;
  readonly onFault: FaultObserver;
  readonly local?: { readonly ip: string; readonly port: number };
  /** Runs `open` where the socket is to be made, as in another network namespace: its turn may come after the caller has left that. */
  readonly within?: (open: () => void) => void;
}

/** Exactly one of the two is called. */
export interface ConnectObserver {
  onConnected(stream: TcpStream): void;
  onFailed(error: ConnectError): void;
}

/** Runs one connection attempt against its deadline: settles once, and ends what comes too late. */
export class Attempt {
  readonly #options: ConnectOptions;
  readonly #onTimeout: (error: ConnectError) => void;
  #timer: { cancel(): void };
  #settled = false;

  constructor(options: ConnectOptions, onTimeout: (error: ConnectError) => void) {
    this.#options = options;
    this.#onTimeout = onTimeout;
    this.#timer = this.#give(options.timeoutMs);
  }

  /** Whether it is over: what comes now comes too late. */
  get settled(): boolean {
    return this.#settled;
  }

  /** One step of it is done; the next has so many milliseconds. */
  goOn(ms: number): void {
    if (this.#settled) return;
    this.#timer.cancel();
    this.#timer = this.#give(ms);
  }

  #give(ms: number): { cancel(): void } {
    const { clock, ip, port } = this.#options;
    return clock.after(ms, () => {
      if (!this.settle()) return;
      const message = `Cannot connect to ${ip}:${port}: no answer in ${ms} ms`;
      this.#onTimeout(new ConnectError(message, { code: "timeout" }));
    });
  }

  /** True for the first caller only. */
  settle(): boolean {
    if (this.#settled) return false;
    this.#settled = true;
    this.#timer.cancel();
    return true;
  }
}

/** Connects and reports once; a connection that opens after the deadline is closed again. */
export function connectTcp(options: ConnectOptions, observer: ConnectObserver): void {
  openThere(options, () => openTcp(options, observer));
}

/** Makes a socket in its turn, where it is to be. */
export function openThere({ within }: ConnectOptions, open: () => void): void {
  openInTurn(within === undefined ? open : () => within(open));
}

function openTcp(options: ConnectOptions, observer: ConnectObserver): void {
  const attempt = new Attempt(options, (error) => observer.onFailed(error));
  const failed = (cause: unknown): void => {
    if (!attempt.settle()) return;
    const message = `Cannot connect to ${options.ip}:${options.port}: connection refused`;
    observer.onFailed(new ConnectError(message, { code: "refused", cause }));
  };
  const socket = {
    ...socketHandlers(options.onFault),
    open: (opened: BunSocket): void => {
      if (!attempt.settle()) {
        opened.terminate();
        return;
      }
      const stream = new TcpStream(opened);
      opened.data = stream;
      observer.onConnected(stream);
    },
    connectError: (_: BunSocket, error: Error): void => failed(error),
  };
  openSocket({ ...bunOptions(options), socket }, failed);
}

/** The address part of Bun's connect options. */
export function bunOptions(options: ConnectOptions): Record<string, unknown> {
  const local = options.local && { localAddress: options.local.ip, localPort: options.local.port };
  return {
    hostname: options.ip,
    port: options.port,
    allowHalfOpen: true,
    data: DETACHED,
    ...local,
  };
}

/** `Bun.connect` with the options that its types do not know. */
export function openSocket(
  options: Record<string, unknown>,
  failed: (cause: unknown) => void,
): void {
  try {
    Bun.connect(options as unknown as Parameters<typeof Bun.connect>[0]).catch(failed);
  } catch (error) {
    failed(error);
  }
}
