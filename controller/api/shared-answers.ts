/** One encoded answer a key, written to all that watch it. */

import type { ServerCall } from "#lib/grpc/server.ts";
import { GrpcCode, GrpcError } from "#lib/grpc/status.ts";
import type { Key } from "../core/catalog.ts";

/** Told of who follows which answer, and of each that is told anew; for metrics. The key is the one that its first follower gave. */
export interface AnswerFollowers<On> {
  joined(key: On): void;
  left(key: On): void;
  changed(key: On): void;
}

type Shared<On> = {
  readonly key: On;
  /** With what each was sent last. */
  readonly calls: Map<ServerCall, Uint8Array | undefined>;
  readonly unsubscribe: () => void;
  framed: Uint8Array;
};

/** Calls the listener after each change of the key's answer; returns the way to unsubscribe. */
type Changes<On> = { subscribe(key: On, listener: () => void): () => void };

/** Keeps the answers that anyone watches; equal bytes are not sent again. Who does not read is sent the newest answer when it reads again, and nothing in between. */
export class SharedAnswers<On = Key> {
  readonly #catalog: Changes<On>;
  readonly #followers: AnswerFollowers<On> | undefined;
  readonly #shared = new Map<string, Shared<On>>();

  constructor(catalog: Changes<On>, followers?: AnswerFollowers<On>) {
    this.#catalog = catalog;
    this.#followers = followers;
  }

  /** Answers a call now and after each change, until it is cancelled; `encode` gives a framed message. */
  watch(
    call: ServerCall,
    {
      id,
      key,
      encode,
    }: { readonly id: string; readonly key: On; readonly encode: () => Uint8Array },
  ): void {
    const shared = this.#shared.get(id) ?? this.#start(id, { key, encode });
    shared.calls.set(call, undefined);
    this.#followers?.joined(shared.key);
    call.onWritable = () => send(shared, call);
    call.onCancel = () => {
      if (shared.calls.delete(call)) this.#followers?.left(shared.key);
      if (shared.calls.size > 0 || this.#shared.get(id) !== shared) return;
      shared.unsubscribe();
      this.#shared.delete(id);
    };
    send(shared, call);
  }

  #start(
    id: string,
    { key, encode }: { readonly key: On; readonly encode: () => Uint8Array },
  ): Shared<On> {
    const unsubscribe = this.#catalog.subscribe(key, () => this.#renew(id, encode));
    const framed = first(encode, unsubscribe);
    const shared: Shared<On> = { key, calls: new Map(), unsubscribe, framed };
    this.#shared.set(id, shared);
    return shared;
  }

  /** An answer that can no longer be given ends its own watchers, and nobody else's. */
  #renew(id: string, encode: () => Uint8Array): void {
    const shared = this.#shared.get(id);
    if (shared === undefined) return;
    try {
      const framed = encode();
      if (Buffer.compare(framed, shared.framed) === 0) return;
      shared.framed = framed;
      this.#followers?.changed(shared.key);
      for (const call of [...shared.calls.keys()]) send(shared, call);
    } catch (error) {
      const { code, message } = asStatus(error);
      this.#shared.delete(id);
      shared.unsubscribe();
      const ended = [...shared.calls.keys()];
      shared.calls.clear();
      for (const call of ended) {
        this.#followers?.left(shared.key);
        call.end(code, message);
      }
    }
  }
}

/** Whoever told of the change has others to tell: nothing is thrown back to it. */
const asStatus = (error: unknown): GrpcError =>
  error instanceof GrpcError ? error : new GrpcError(GrpcCode.INTERNAL, String(error));

/** Sends what is new to who reads. */
function send({ calls, framed }: Shared<unknown>, call: ServerCall): void {
  const sent = calls.get(call);
  if (!calls.has(call) || call.blocked || sent === framed) return;
  calls.set(call, framed);
  if (sent === undefined || Buffer.compare(sent, framed) !== 0) call.send(framed);
}

/** The first answer; one that cannot be given is waited for no longer. */
function first(encode: () => Uint8Array, unsubscribe: () => void): Uint8Array {
  try {
    return encode();
  } catch (error) {
    unsubscribe();
    throw error;
  }
}
