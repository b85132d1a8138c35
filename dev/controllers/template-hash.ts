/** Names a pod template by its content, as `pod-template-hash` does. */

import { sorted } from "./status.ts";

const LETTERS = "bcdfghjklmnpqrstvwxz2456789";

/** Eight letters (FNV-1a over sorted JSON); equal templates have equal ones. */
export function templateHash(template: unknown): string {
  let hash = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(JSON.stringify(sorted(template)))) {
    hash ^= byte;
    hash = Math.imul(hash, 0x01000193) >>> 0;
  }
  let text = "";
  for (let rest = hash; text.length < 8; rest = Math.floor(rest / LETTERS.length))
    text += LETTERS[rest % LETTERS.length];
  return text;
}
