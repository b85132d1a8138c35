/** Messages as they go over a stream, and how many were made: one a change for each key that it affects. */

import { create, type DescMessage, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import { frameMessage } from "#lib/grpc/framing.ts";

/** Encodes and counts. */
export class Encoder {
  #count = 0;
  readonly #onEncoded: () => void;

  /** `onEncoded` is called for each message. */
  constructor(onEncoded: () => void = () => undefined) {
    this.#onEncoded = onEncoded;
  }

  /** How many messages were made. */
  get count(): number {
    return this.#count;
  }

  /** One framed message. */
  frame<Desc extends DescMessage>(schema: Desc, init: MessageInitShape<Desc>): Uint8Array {
    this.#count++;
    this.#onEncoded();
    return frameMessage(toBinary(schema, create(schema, init)));
  }
}
