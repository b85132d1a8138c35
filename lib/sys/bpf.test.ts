import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdtempSync, rmdirSync, statSync, unlinkSync } from "node:fs";
import {
  closeAll,
  createLink,
  createMap,
  deleteElement,
  detachLink,
  freezeMap,
  getObject,
  keysOf,
  linkTarget,
  loadBtf,
  loadProgram,
  lookupElement,
  pinObject,
  updateElement,
  updateLink,
} from "./bpf.ts";
import { close, mount, open, SysError, umount } from "./libc.ts";

const root = process.getuid?.() === 0;
const HASH = { type: 1, keyBytes: 4, valueBytes: 8, entries: 4, flags: 0 };
const code = (...words: bigint[]): Uint8Array => new Uint8Array(BigUint64Array.from(words).buffer);
/** r0 = 1; exit: a sk_lookup program that lets everything pass. */
const PASS = { name: "pass", type: 30, attachType: 36, code: code(0x1_0000_00b7n, 0x95n) };

let folder = "";
beforeAll(() => {
  if (!root) return;
  folder = mkdtempSync("/tmp/bpffs-");
  mount("bpf", folder, "mode=0700");
});
afterAll(() => {
  if (!root) return;
  umount(folder);
  rmdirSync(folder);
});

test.skipIf(!root)("a map is written, read, walked, pinned and frozen (needs root)", () => {
  const map = createMap("numbers", HASH);
  const key = new Uint8Array([1, 0, 0, 0]);
  const value = new Uint8Array(8);
  expect(lookupElement(map, key, value)).toBe(false);
  updateElement(map, key, new Uint8Array([9, 0, 0, 0, 0, 0, 0, 0]));
  expect(lookupElement(map, key, value)).toBe(true);
  expect(value[0]).toBe(9);
  expect(keysOf(map, 4)).toEqual([key]);
  expect(deleteElement(map, key)).toBe(true);
  expect(deleteElement(map, key)).toBe(false);
  pinObject(map, `${folder}/numbers`);
  const again = getObject(`${folder}/numbers`);
  expect(again).toBeNumber();
  expect(getObject(`${folder}/absent`)).toBeUndefined();
  unlinkSync(`${folder}/numbers`);
  freezeMap(map);
  expect(() => updateElement(map, key, value)).toThrow(SysError);
  closeAll([map, again ?? -1]);
});

test.skipIf(!root)("a program is loaded, attached, replaced and detached (needs root)", () => {
  const program = loadProgram(PASS);
  const netns = open("/proc/self/ns/net");
  const link = createLink(program, netns, PASS.attachType);
  updateLink(link, program);
  expect(linkTarget(link)).toBe(statSync("/proc/self/ns/net", { bigint: true }).ino);
  detachLink(link);
  expect(linkTarget(link)).toBe(0n);
  expect(() => updateLink(link, program)).toThrow("Cannot update link: ENOLINK");
  closeAll([link, netns, program]);
});

test.skipIf(!root)("loadProgram() and loadBtf() say why the kernel refused (needs root)", () => {
  expect(() => loadProgram({ ...PASS, code: code(0x95n) })).toThrow("R0 !read_ok");
  expect(() => loadBtf(new Uint8Array(24))).toThrow("Cannot load BTF: EINVAL");
  expect(() => close(-1)).toThrow("Cannot close descriptor: EBADF");
});
