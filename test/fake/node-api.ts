/** A node whose sessions and ports are what a test says. */

import type {
  ContainerName,
  NodeApi,
  PodPort,
  Session,
  SessionObserver,
  SessionRequest,
} from "#lib/kube-api/node-api.ts";
import type { ByteStream } from "#lib/net/byte-stream.ts";

/** A session that remembers what it was told. */
export class FakeSession implements Session {
  readonly told: string[] = [];
  readonly container: ContainerName;
  readonly request: SessionRequest;
  readonly observer: SessionObserver;
  /** What `write` answers. */
  takes = true;
  onTold: () => void = () => undefined;

  constructor(
    container: ContainerName,
    request: SessionRequest & { readonly observer: SessionObserver },
  ) {
    this.container = container;
    this.observer = request.observer;
    const { command, stdin, tty } = request;
    this.request = { command, stdin, tty };
  }

  write(chunk: Uint8Array): boolean {
    this.#tell(`write ${chunk.length > 99 ? `${chunk.length} bytes` : Buffer.from(chunk)}`);
    return this.takes;
  }

  end(): void {
    this.#tell("end");
  }

  resize({ width, height }: { readonly width: number; readonly height: number }): void {
    this.#tell(`resize ${width}x${height}`);
  }

  resume(): void {
    this.#tell("resume");
  }

  stop(): void {
    this.#tell("stop");
  }

  /** Settles when this has been told. */
  async until(what: string): Promise<void> {
    while (!this.told.includes(what)) {
      const { promise, resolve } = Promise.withResolvers<void>();
      this.onTold = resolve;
      await promise;
    }
  }

  #tell(what: string): void {
    this.told.push(what);
    this.onTold();
  }
}

/** Sessions are fakes; ports are connected by what `connect` is set to. */
export class FakeNode implements NodeApi {
  readonly sessions: FakeSession[] = [];
  /** Why a session cannot be run. */
  problem: string | undefined;
  connect: (to: PodPort) => Promise<ByteStream> = async () => {
    throw new Error("connection refused");
  };

  async *log(): AsyncGenerator<Uint8Array> {
    yield Buffer.from("");
  }

  async proxy(): Promise<never> {
    throw new Error("nobody is asked here");
  }

  run(
    container: ContainerName,
    request: SessionRequest & { readonly observer: SessionObserver },
  ): Session {
    if (this.problem !== undefined) throw new Error(this.problem);
    const session = new FakeSession(container, request);
    this.sessions.push(session);
    return session;
  }
}
