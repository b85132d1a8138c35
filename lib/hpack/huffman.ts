/** The Huffman code of HPACK, both ways (RFC 7541 §5.2, appendix B). */

/** The code is canonical, so its 257 lengths define it: bytes 0 to 255, then EOS, one base-36 digit each. */
const DIGITS =
  "dnsssssssoussussssssssusssssssss6aacd68baa8b8666555666666678f6cad67777777777777777777777878djde6f5" +
  "6565666577666567655677777fbedskmkkmmmnmnnnnnonoomnonnnnlmnmnnomlkmmnnlnmmolmnnllmlnmnnkmmmnmmnqqkj" +
  "mnmpqqqrrqopjlqrrqrollqqsrrrkoklmllnmmppooqnqrqqrrrrrsrrrrrqu";

const EOS = 256;
const LONGEST_BITS = 30;

/** Length and bits of each symbol's code; few connections are ever Huffman coded, so that it is made on first use. */
let codes: { readonly lengths: Uint8Array; readonly bits: Uint32Array } | undefined;

function buildCodes(): NonNullable<typeof codes> {
  const lengths = new Uint8Array(EOS + 1);
  const bits = new Uint32Array(EOS + 1);
  for (let symbol = 0; symbol <= EOS; symbol++) {
    const digit = DIGITS.charCodeAt(symbol);
    lengths[symbol] = digit >= 97 ? digit - 87 : digit - 48;
  }
  let next = 0;
  for (let length = 1; length <= LONGEST_BITS; length++) {
    next <<= 1;
    for (let symbol = 0; symbol <= EOS; symbol++)
      if (lengths[symbol] === length) bits[symbol] = next++;
  }
  codes = { lengths, bits };
  return codes;
}

/**
 * A decoder that takes four bits a step. A state is an inner node of the tree, of which there are 256; each step is the
 * next state, the byte that comes out above it, and flags; made on first use.
 */
let machine: Uint32Array | undefined;
const EMITS = 0x1_0000;
const FAILED = 0x2_0000;
/** The state before the step is one in which a string may end: less than 8 bits of padding, all ones. */
const ENDS = 0x4_0000;

function buildMachine(): Uint32Array {
  const children = buildTree();
  const steps = new Uint32Array(EOS * 16);
  for (let at = 0; at < steps.length; at++) steps[at] = stepFrom(children, at >> 4, at & 15);
  for (let bits = 0, node = 0; bits < 8; bits++) {
    for (let nibble = 0; nibble < 16; nibble++)
      steps[node * 16 + nibble] = (steps[node * 16 + nibble] as number) | ENDS;
    node = children[node * 2 + 1] as number;
  }
  machine = steps;
  return steps;
}

/** Follows four bits from a node; EOS inside a string is an error (RFC 7541 §5.2). */
function stepFrom(children: Int16Array, from: number, nibble: number): number {
  let node = from;
  let emitted = 0;
  for (let bit = 3; bit >= 0; bit--) {
    const child = children[node * 2 + ((nibble >> bit) & 1)] as number;
    if (child === ~EOS) return FAILED;
    if (child < 0) emitted = EMITS | (~child << 8);
    node = Math.max(child, 0);
  }
  return emitted | node;
}

/** The children of each inner node, zero first; a leaf is the complement of its symbol. */
function buildTree(): Int16Array {
  const { lengths, bits } = codes ?? buildCodes();
  const children = new Int16Array(EOS * 2);
  let count = 1;
  for (let symbol = 0; symbol <= EOS; symbol++) {
    let at = 0;
    for (let bit = (lengths[symbol] as number) - 1; bit > 0; bit--) {
      const side = at * 2 + (((bits[symbol] as number) >>> bit) & 1);
      if (children[side] === 0) children[side] = count++;
      at = children[side] as number;
    }
    children[at * 2 + ((bits[symbol] as number) & 1)] = ~symbol;
  }
  return children;
}

/**
 * Decodes bytes `from` to `to` into `into`, which must hold 8/5 of their number, and returns how many came out.
 * -1 where the code or its padding is invalid.
 */
export function huffmanDecode(
  bytes: Uint8Array,
  { from, to, into }: { readonly from: number; readonly to: number; readonly into: Uint8Array },
): number {
  const steps = machine ?? buildMachine();
  let state = 0;
  let out = 0;
  for (let i = from; i < to; i++) {
    const byte = bytes[i] as number;
    const high = steps[(state << 4) | (byte >> 4)] as number;
    if ((high & EMITS) !== 0) into[out++] = high >> 8;
    const low = steps[((high & 0xff) << 4) | (byte & 15)] as number;
    if (((high | low) & FAILED) !== 0) return -1;
    if ((low & EMITS) !== 0) into[out++] = low >> 8;
    state = low & 0xff;
  }
  return ((steps[state << 4] as number) & ENDS) !== 0 ? out : -1;
}

/** How many bytes a string takes when coded; its characters must be bytes. */
export function huffmanLength(text: string): number {
  const { lengths } = codes ?? buildCodes();
  let bits = 0;
  for (let i = 0; i < text.length; i++) bits += lengths[text.charCodeAt(i) & 255] as number;
  return (bits + 7) >> 3;
}

/** Writes the code of a string at `at` and returns where it ends. */
export function huffmanEncode(text: string, into: Uint8Array, at: number): number {
  const { lengths, bits } = codes ?? buildCodes();
  let end = at;
  let pending = 0;
  let count = 0;
  for (let i = 0; i < text.length; i++) {
    const symbol = text.charCodeAt(i) & 255;
    const code = bits[symbol] as number;
    for (let left = lengths[symbol] as number; left > 0; ) {
      const take = Math.min(8 - count, left);
      pending = (pending << take) | ((code >>> (left - take)) & ((1 << take) - 1));
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
