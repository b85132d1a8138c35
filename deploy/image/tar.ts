/** Tar archives that come out the same for the same content: owner root, time zero, entries by name (POSIX ustar). */

/** What an archive has at a path; a folder has neither bytes nor target. */
export type TarEntry =
  | {
      readonly type: "file";
      readonly mode: number;
      readonly bytes: Uint8Array;
      /** Numbers of capabilities that whoever runs it has, where the process may have them (capabilities(7)). */
      readonly capabilities?: readonly number[];
    }
  | { readonly type: "link"; readonly target: string }
  | { readonly type: "folder" };

/** Paths without a slash at either end. */
export type TarTree = ReadonlyMap<string, TarEntry>;

const BLOCK = 512;
const NAME_BYTES = 100;
const PREFIX_BYTES = 155;
const MODES = { link: 0o777, folder: 0o755 } as const;
const KINDS = { file: "0", link: "2", folder: "5" } as const;
/** What stands before an entry and says more of it than a header can (POSIX.1-2001 pax). */
const EXTENDED = "x";

/** The pieces of an archive one after the other. Folders that files lie in need not be named. Throws on names over 255 bytes, and links to names over 100. */
export function* tar(tree: TarTree): Generator<Uint8Array> {
  for (const [path, entry] of [...withFolders(tree)].sort(([a], [b]) => (a < b ? -1 : 1))) {
    if (entry.type === "file" && entry.capabilities !== undefined)
      yield* extended(path, record(CAPABILITY, fileCapabilities(entry.capabilities)));
    yield header(path, entry);
    if (entry.type !== "file") continue;
    yield entry.bytes;
    yield new Uint8Array(padding(entry.bytes.length));
  }
  yield new Uint8Array(2 * BLOCK);
}

const CAPABILITY = "SCHILY.xattr.security.capability";

/** `struct vfs_cap_data` of revision 2, all of them permitted, inherited and in effect. */
function fileCapabilities(numbers: readonly number[]): Uint8Array {
  const mask = numbers.reduce((all, number) => all | (1 << number), 0);
  const bytes = Buffer.alloc(20);
  for (const [at, word] of [0x02000001, mask, mask].entries()) bytes.writeUInt32LE(word, 4 * at);
  return bytes;
}

/** A record begins with its own length, in decimal. */
function record(keyword: string, value: Uint8Array): Uint8Array {
  const rest = ` ${keyword}=`.length + value.length + 1;
  let length = rest;
  while (length !== rest + String(length).length) length = rest + String(length).length;
  return Buffer.concat([Buffer.from(`${length} ${keyword}=`), value, Buffer.from("\n")]);
}

function* extended(path: string, records: Uint8Array): Generator<Uint8Array> {
  const name = `PaxHeaders/${path.slice(path.lastIndexOf("/") + 1)}`;
  yield header(name, { type: "file", mode: 0o644, bytes: records }, EXTENDED);
  yield records;
  yield new Uint8Array(padding(records.length));
}

function withFolders(tree: TarTree): Map<string, TarEntry> {
  const all = new Map<string, TarEntry>(tree);
  for (const path of tree.keys())
    for (let end = path.lastIndexOf("/"); end > 0; end = path.lastIndexOf("/", end - 1)) {
      const folder = path.slice(0, end);
      if (!all.has(folder)) all.set(folder, { type: "folder" });
    }
  return all;
}

const padding = (length: number): number => (BLOCK - (length % BLOCK)) % BLOCK;

function header(path: string, entry: TarEntry, kind: string = KINDS[entry.type]): Uint8Array {
  const block = Buffer.alloc(BLOCK);
  const put = (text: string, at: number): number => block.write(text, at, "latin1");
  const octal = (value: number, digits: number): string => value.toString(8).padStart(digits, "0");
  const [prefix, name] = split(entry.type === "folder" ? `${path}/` : path);
  put(name, 0);
  put(octal(entry.type === "file" ? entry.mode : MODES[entry.type], 7), 100);
  put(octal(0, 7), 108);
  put(octal(0, 7), 116);
  put(octal(entry.type === "file" ? entry.bytes.length : 0, 11), 124);
  put(octal(0, 11), 136);
  put(" ".repeat(8), 148);
  put(kind, 156);
  if (entry.type === "link") {
    if (Buffer.byteLength(entry.target) > NAME_BYTES)
      throw new Error(`Cannot archive ${path}: the name that it links to is too long`);
    put(entry.target, 157);
  }
  put("ustar\u000000", 257);
  put(prefix, 345);
  const sum = block.reduce((total, byte) => total + byte, 0);
  put(`${octal(sum, 6)}\u0000 `, 148);
  return block;
}

/** A name in the two fields that it has to fit in. */
function split(path: string): readonly [prefix: string, name: string] {
  if (Buffer.byteLength(path) <= NAME_BYTES) return ["", path];
  for (let at = path.indexOf("/"); at >= 0; at = path.indexOf("/", at + 1))
    if (at <= PREFIX_BYTES && path.length - at - 1 <= NAME_BYTES && at + 1 < path.length)
      return [path.slice(0, at), path.slice(at + 1)];
  throw new Error(`Cannot archive ${path}: its name is too long`);
}
