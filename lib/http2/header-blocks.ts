/** HEADERS and CONTINUATION into whole, decoded header blocks (RFC 9113 §4.3). */

import { HpackDecoder, HpackError } from "#lib/hpack/decoder.ts";
import { BLOCK_LIMIT_BYTES, CONTINUATION_LIMIT } from "./budget.ts";
import { BlockFields } from "./fields.ts";
import { Flag, type Frame } from "./frame.ts";
import { dependsOnItself, unpad } from "./frame-shape.ts";
import { connectionError, ErrorCode } from "./http2-error.ts";

/** A block that is complete. Its fields are in `HeaderBlocks.fields`. */
export interface Block {
  readonly streamId: number;
  readonly end: boolean;
  /** Its priority says that the stream depends on itself (RFC 7540 §5.3.1). */
  readonly selfDependent: boolean;
  /** The list exceeds what we announced; its fields are incomplete. */
  readonly tooLarge: boolean;
}

interface OpenBlock {
  readonly streamId: number;
  readonly end: boolean;
  readonly selfDependent: boolean;
  readonly parts: Buffer[];
  bytes: number;
}

/** Gathers one block at a time, as frames of other streams may not come between. */
export class HeaderBlocks {
  readonly fields: BlockFields = new BlockFields();
  readonly #decoder: HpackDecoder;
  #open: OpenBlock | undefined;

  constructor(listLimitBytes: number) {
    this.#decoder = new HpackDecoder({ listLimitBytes });
  }

  /** The stream whose block is not finished; 0 for none. */
  get openStream(): number {
    return this.#open?.streamId ?? 0;
  }

  /** Takes a HEADERS frame; undefined while the block is not complete. */
  headers(frame: Frame): Block | undefined {
    const { flags, streamId } = frame;
    unpad(frame);
    let selfDependent = false;
    if ((flags & Flag.PRIORITY) !== 0) {
      if (frame.length < 5)
        throw connectionError(ErrorCode.FRAME_SIZE_ERROR, "Cannot read HEADERS: it is too short");
      selfDependent = dependsOnItself(frame);
      frame.from += 5;
    }
    const end = (flags & Flag.END_STREAM) !== 0;
    if ((flags & Flag.END_HEADERS) !== 0)
      return this.#decode({ streamId, end, selfDependent }, frame.bytes, frame.from, frame.to);
    const parts = [Buffer.from(frame.view())];
    this.#open = { streamId, end, selfDependent, parts, bytes: frame.length };
    return undefined;
  }

  /** Takes a CONTINUATION frame. */
  continuation(frame: Frame): Block | undefined {
    const open = this.#open;
    if (open === undefined)
      throw connectionError(
        ErrorCode.PROTOCOL_ERROR,
        "Cannot read CONTINUATION: no header block is open",
      );
    open.parts.push(Buffer.from(frame.view()));
    open.bytes += frame.length;
    if (open.parts.length > CONTINUATION_LIMIT || open.bytes > BLOCK_LIMIT_BYTES)
      throw connectionError(ErrorCode.ENHANCE_YOUR_CALM, "Cannot read header block: it has no end");
    if ((frame.flags & Flag.END_HEADERS) === 0) return undefined;
    this.#open = undefined;
    return this.#decode(open, Buffer.concat(open.parts), 0, open.bytes);
  }

  /** A block is decoded whatever becomes of its stream, so that the tables stay in step. */
  #decode(
    { streamId, end, selfDependent }: Omit<Block, "tooLarge">,
    bytes: Buffer,
    from: number,
    to: number,
  ): Block {
    this.fields.begin();
    try {
      this.#decoder.decode(bytes, this.fields, from, to);
      return { streamId, end, selfDependent, tooLarge: false };
    } catch (error) {
      if (!(error instanceof HpackError)) throw error;
      if (error.code === "malformed")
        throw connectionError(ErrorCode.COMPRESSION_ERROR, error.message);
      return { streamId, end, selfDependent, tooLarge: true };
    }
  }
}
