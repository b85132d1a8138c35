/** The Huffman code of HPACK, both ways (RFC 7541 §5.2, appendix B). */

/** The code is canonical, so its 257 lengths define it: bytes 0 to 255, then EOS, one base-36 digit each. */
const LENGTHS =
  "dnsssssssoussussssssssusssssssss6aacd68baa8b8666555666666678f6cad67777777777777777777777878djde6f5" +
  "6565666577666567655677777fbedskmkkmmmnmnnnnnonoomnonnnnlmnmnnomlkmmnnlnmmolmnnllmlnmnnkmmmnmmnqqkj" +
  "mnmpqqqrrqopjlqrrqrollqqsrrrkoklmllnmmppooqnqrqqrrrrrsrrrrrqu";

const EOS = 256;

interface Code {
  readonly length: number;
  readonly bits: number;
}

const CODES: readonly Code[] = buildCodes();

function buildCodes(): Code[] {
  const lengths = [...LENGTHS].map((digit) => Number.parseInt(digit, 36));
  const order = lengths.map((length, symbol) => ({ length, symbol }));
  order.sort((a, b) => a.length - b.length || a.symbol - b.symbol);
  const codes: Code[] = [];
  let bits = 0;
  let last = order[0]?.length ?? 0;
  for (const { length, symbol } of order) {
    bits *= 2 ** (length - last);
    last = length;
    codes[symbol] = { length, bits: bits++ };
  }
  return codes;
}

/** A decoder that takes four bits a step: next state, and the byte that comes out (-1: none). */
const { NEXT, EMITTED, ACCEPTING } = buildMachine();
const FAILED = -1;

function buildMachine(): { NEXT: Int16Array; EMITTED: Int16Array; ACCEPTING: Uint8Array } {
  const { zero, one, symbol } = buildTree();
  const count = zero.length;
  const next = new Int16Array(count * 16).fill(-1);
  const emitted = new Int16Array(count * 16).fill(-1);
  for (let state = 0; state < count; state++) {
    if ((symbol[state] as number) >= 0) continue;
    for (let nibble = 0; nibble < 16; nibble++) {
      const step = walk({ zero, one, symbol }, state, nibble);
      next[state * 16 + nibble] = step.node;
      emitted[state * 16 + nibble] = step.found;
    }
  }
  return { NEXT: next, EMITTED: emitted, ACCEPTING: paddingStates(one, count) };
}

interface Tree {
  readonly zero: number[];
  readonly one: number[];
  readonly symbol: number[];
}

/** Follows four bits from a node; EOS inside a string is an error (RFC 7541 §5.2). */
function walk(
  { zero, one, symbol }: Tree,
  from: number,
  nibble: number,
): { node: number; found: number } {
  let node = from;
  let found = -1;
  for (let bit = 3; bit >= 0 && node >= 0; bit--) {
    node = (((nibble >> bit) & 1) === 1 ? one[node] : zero[node]) as number;
    const leaf = node < 0 ? -1 : (symbol[node] as number);
    if (leaf === EOS) return { node: -1, found };
    if (leaf < 0) continue;
    found = leaf;
    node = 0;
  }
  return { node, found };
}

function buildTree(): Tree {
  const [zero, one, symbol] = [[-1], [-1], [-1]];
  for (const [value, { length, bits }] of CODES.entries()) {
    let node = 0;
    for (let bit = length - 1; bit >= 0; bit--) {
      const side = Math.floor(bits / 2 ** bit) % 2 === 1 ? one : zero;
      if ((side[node] as number) < 0) {
        side[node] = symbol.length;
        zero.push(-1);
        one.push(-1);
        symbol.push(-1);
      }
      node = side[node] as number;
    }
    symbol[node] = value;
  }
  return { zero, one, symbol };
}

/** States in which a string may end: fewer than 8 bits of padding, all ones (RFC 7541 §5.2). */
function paddingStates(one: readonly number[], count: number): Uint8Array {
  const accepting = new Uint8Array(count);
  let node = 0;
  for (let bits = 0; bits < 8; bits++) {
    accepting[node] = 1;
    node = one[node] as number;
  }
  return accepting;
}

/**
 * Decodes bytes `from` to `to` into `into`, which must hold 8/5 of their number, and returns how many came out.
 * -1 where the code or its padding is invalid.
 */
export function huffmanDecode(
  bytes: Uint8Array,
  { from, to, into }: { readonly from: number; readonly to: number; readonly into: Uint8Array },
): number {
  let state = 0;
  let out = 0;
  for (let i = from; i < to; i++) {
    const byte = bytes[i] as number;
    const high = state * 16 + (byte >> 4);
    if ((EMITTED[high] as number) >= 0) into[out++] = EMITTED[high] as number;
    state = NEXT[high] as number;
    if (state === FAILED) return -1;
    const low = state * 16 + (byte & 15);
    if ((EMITTED[low] as number) >= 0) into[out++] = EMITTED[low] as number;
    state = NEXT[low] as number;
    if (state === FAILED) return -1;
  }
  return ACCEPTING[state] === 1 ? out : -1;
}

/** How many bytes a string takes when coded; its characters must be bytes. */
export function huffmanLength(text: string): number {
  let bits = 0;
  for (let i = 0; i < text.length; i++) bits += (CODES[text.charCodeAt(i) & 255] as Code).length;
  return (bits + 7) >> 3;
}

/** Writes the code of a string at `at` and returns where it ends. */
export function huffmanEncode(text: string, into: Uint8Array, at: number): number {
  let end = at;
  let pending = 0;
  let count = 0;
  for (let i = 0; i < text.length; i++) {
    const { length, bits } = CODES[text.charCodeAt(i) & 255] as Code;
    for (let left = length; left > 0; ) {
      const take = Math.min(8 - count, left);
      pending = (pending << take) | (Math.floor(bits / 2 ** (left - take)) & ((1 << take) - 1));
      count += take;
      left -= take;
      if (count === 8) {
        into[end++] = pending;
        pending = 0;
        count = 0;
      }
    }
  }
  if (count > 0) into[end++] = ((pending << (8 - count)) | (0xff >> count)) & 0xff;
  return end;
}
