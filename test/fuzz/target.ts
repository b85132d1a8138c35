/** What is fuzzed: a parser with what must hold for whatever bytes it is given. */

/** One target. Targets know nothing of the fuzzer: the same ones replay seeds and findings in the tests. */
export interface Target {
  readonly name: string;
  /** Inputs that reach far into the parser. */
  readonly seeds: readonly Uint8Array[];
  /** Pieces that a mutation may put in. */
  readonly tokens: readonly Uint8Array[];
  readonly maxBytes: number;
  /** Throws where something does not hold. */
  run(input: Uint8Array): void;
}

/** Bytes of a text whose characters are bytes. */
export const latin1 = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, "latin1"));

/** Bytes in hexadecimal; blanks do not count. */
export const hex = (text: string): Uint8Array => Uint8Array.fromHex(text.replaceAll(/\s/g, ""));

/** Throws where two lists of events are not the same; the first event that differs is named. */
export function assertSame(what: string, a: readonly string[], b: readonly string[]): void {
  const length = Math.max(a.length, b.length);
  for (let i = 0; i < length; i++)
    if (a[i] !== b[i])
      throw new Error(`${what}: event ${i} is ${a[i] ?? "missing"} or ${b[i] ?? "missing"}`);
}

/** A number from the input itself, so that a run depends on nothing else: an FNV-1a hash. */
export function hashOf(input: Uint8Array): number {
  let hash = 0x811c9dc5;
  for (const byte of input) hash = Math.imul(hash ^ byte, 0x01000193);
  return hash >>> 0;
}

/** Hands an input over in pieces whose sizes come from the input's hash. */
export function inPieces(input: Uint8Array, take: (piece: Uint8Array) => void): void {
  let state = hashOf(input);
  for (let at = 0; at < input.length; ) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    const size = 1 + ((state >>> 16) % ((state & 1) === 0 ? 4 : 64));
    // A copy: what a parser keeps of a piece must not depend on it.
    take(new Uint8Array(input.subarray(at, at + size)));
    at += size;
  }
}
