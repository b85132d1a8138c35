/** Frames between the shim on the host and the agent: four bytes of length, big-endian, then JSON. */

import { type CniAnswer, tryLater } from "./result.ts";

/** The longest frame, bytes without the length. */
export const FRAME_LIMIT_BYTES: number = 1 << 20;

const LENGTH_BYTES = 4;

/** What the shim sends, as text: nothing of it is believed yet. */
export interface WireRequest {
  readonly version: number;
  readonly command: string;
  readonly containerId: string;
  readonly netns: string;
  readonly ifname: string;
  readonly args: string;
  readonly path: string;
  /** The configuration as it came on stdin. */
  readonly config: string;
}

/** Gathers chunks into one frame. */
export class FrameReader {
  #chunks: Uint8Array[] = [];
  #bytes = 0;

  /** The frame's content once it is whole; undefined before. Throws where it is too long. */
  push(chunk: Uint8Array): Uint8Array | undefined {
    this.#chunks.push(new Uint8Array(chunk));
    this.#bytes += chunk.length;
    if (this.#bytes < LENGTH_BYTES) return undefined;
    const all = this.#chunks.length === 1 ? this.#chunks[0] : Buffer.concat(this.#chunks);
    if (all === undefined) return undefined;
    this.#chunks = [all];
    const length = new DataView(all.buffer, all.byteOffset).getUint32(0);
    if (length > FRAME_LIMIT_BYTES)
      throw new Error(
        `Cannot read frame: it has ${length} bytes, more than ${FRAME_LIMIT_BYTES} are not taken`,
      );
    if (all.length < LENGTH_BYTES + length) return undefined;
    return all.subarray(LENGTH_BYTES, LENGTH_BYTES + length);
  }
}

/** A frame around a text. */
export function frame(text: string): Uint8Array {
  const content = new TextEncoder().encode(text);
  const bytes = new Uint8Array(LENGTH_BYTES + content.length);
  new DataView(bytes.buffer).setUint32(0, content.length);
  bytes.set(content, LENGTH_BYTES);
  return bytes;
}

/** The frame of an answer. `stdout` goes as JSON, so that the shim copies it as it is. */
export function answerFrame({ exit, stdout, log }: CniAnswer): Uint8Array {
  const whole = frame(JSON.stringify({ exit, stdout, log }));
  if (whole.length <= LENGTH_BYTES + FRAME_LIMIT_BYTES) return whole;
  return answerFrame(tryLater("the answer is longer than a frame"));
}

const KEYS = ["command", "containerId", "netns", "ifname", "args", "path", "config"] as const;

/** Reads the content of a request's frame. Throws where it is none. */
export function readRequestFrame(content: Uint8Array): WireRequest {
  const value: unknown = JSON.parse(new TextDecoder().decode(content));
  const fields = (typeof value === "object" && value !== null ? value : {}) as Record<
    string,
    unknown
  >;
  const missing = KEYS.find((key) => typeof fields[key] !== "string");
  if (missing !== undefined || typeof fields["version"] !== "number")
    throw new Error(`Cannot read request: it has no ${missing ?? "version"}`);
  return fields as unknown as WireRequest;
}
