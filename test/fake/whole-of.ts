/** All of some bytes, as those who take a part of a buffer are given it. */

/** Arguments for `onRequestBytes` and its kind. */
export function wholeOf(bytes: Uint8Array): [bytes: Buffer, from: number, to: number] {
  return [Buffer.from(bytes), 0, bytes.length];
}
