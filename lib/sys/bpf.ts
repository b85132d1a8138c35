/** bpf(2): maps, programs, links and pins, without libbpf. */

import { addressOf, close, commandCall, cString, SysError } from "./libc.ts";

const SYSCALL = process.arch === "arm64" ? 280 : 321;
const ATTRIBUTE_BYTES = 152;
const LOG_BYTES = 1 << 20;
const LOG_SHOWN = 2000;

/** The commands of bpf(2) that are used (linux/bpf.h). */
const COMMAND = {
  mapCreate: 0,
  lookup: 1,
  update: 2,
  delete: 3,
  nextKey: 4,
  programLoad: 5,
  pin: 6,
  get: 7,
  info: 15,
  btfLoad: 18,
  freeze: 22,
  linkCreate: 28,
  linkUpdate: 29,
  linkDetach: 34,
} as const;

const LINK_CGROUP = 3;

/** What a map is made of; `btf` names its key and value types, which socket storage needs. */
export interface MapDefinition {
  readonly type: number;
  readonly keyBytes: number;
  readonly valueBytes: number;
  readonly entries: number;
  readonly flags: number;
}

/** `union bpf_attr` under construction; it keeps what it points at alive. */
class Attributes {
  readonly #bytes = new Uint8Array(ATTRIBUTE_BYTES);
  readonly #view = new DataView(this.#bytes.buffer);
  readonly #kept: Uint8Array[] = [];

  u32(offset: number, value: number): this {
    this.#view.setUint32(offset, value, true);
    return this;
  }

  u64(offset: number, value: bigint): this {
    this.#view.setBigUint64(offset, value, true);
    return this;
  }

  bytes(offset: number, value: Uint8Array): this {
    this.#kept.push(value);
    return this.u64(offset, addressOf(value));
  }

  name(offset: number, value: string): this {
    this.#bytes.set(new TextEncoder().encode(value.slice(0, 15)), offset);
    return this;
  }

  call(command: number, what: string): number {
    const result = commandCall({ number: SYSCALL, command, what }, this.#bytes);
    this.#kept.length = 0;
    return result;
  }
}

/** Makes a map; its descriptor. `btf` is {fd, key, value}: the types of a socket-storage map. */
export function createMap(
  name: string,
  definition: MapDefinition,
  btf?: { readonly fd: number; readonly key: number; readonly value: number },
): number {
  const attributes = new Attributes()
    .u32(0, definition.type)
    .u32(4, definition.keyBytes)
    .u32(8, definition.valueBytes)
    .u32(12, definition.entries)
    .u32(16, definition.flags)
    .name(28, name);
  if (btf !== undefined) attributes.u32(48, btf.fd).u32(52, btf.key).u32(56, btf.value);
  return attributes.call(COMMAND.mapCreate, `create map ${name}`);
}

/** Reads a value into `value`; false where the key is absent. */
export function lookupElement(map: number, key: Uint8Array, value: Uint8Array): boolean {
  return found(() =>
    new Attributes().u32(0, map).bytes(8, key).bytes(16, value).call(COMMAND.lookup, "look up"),
  );
}

/** Writes a value, new or not. Throws SysError. */
export function updateElement(map: number, key: Uint8Array, value: Uint8Array): void {
  new Attributes().u32(0, map).bytes(8, key).bytes(16, value).call(COMMAND.update, "update map");
}

/** Deletes a key; false where it is absent. */
export function deleteElement(map: number, key: Uint8Array): boolean {
  return found(() => new Attributes().u32(0, map).bytes(8, key).call(COMMAND.delete, "delete key"));
}

/** All keys of a map, copied. */
export function keysOf(map: number, keyBytes: number): Uint8Array[] {
  const keys: Uint8Array[] = [];
  for (;;) {
    const next = new Uint8Array(keyBytes);
    const attributes = new Attributes().u32(0, map).bytes(16, next);
    const last = keys.at(-1);
    if (last !== undefined) attributes.bytes(8, last);
    if (!found(() => attributes.call(COMMAND.nextKey, "walk map"))) return keys;
    keys.push(next);
  }
}

/** Makes a map read-only for user space, so that the verifier may read its constants. */
export function freezeMap(map: number): void {
  new Attributes().u32(0, map).call(COMMAND.freeze, "freeze map");
}

/** Loads a program; its descriptor. The error carries the end of the verifier's log. */
export function loadProgram(program: {
  readonly name: string;
  readonly type: number;
  readonly attachType: number;
  readonly code: Uint8Array;
}): number {
  const load = (log?: Uint8Array): number => {
    const attributes = new Attributes()
      .u32(0, program.type)
      .u32(4, program.code.length / 8)
      .bytes(8, program.code)
      .bytes(16, cString("GPL"))
      .name(48, program.name)
      .u32(68, program.attachType);
    if (log !== undefined) attributes.u32(24, 1).u32(28, log.length).bytes(32, log);
    return attributes.call(COMMAND.programLoad, `load program ${program.name}`);
  };
  try {
    return load();
  } catch (error) {
    if (!(error instanceof SysError)) throw error;
    const log = new Uint8Array(LOG_BYTES);
    try {
      return load(log);
    } catch {
      const text = new TextDecoder("latin1").decode(log.subarray(0, log.indexOf(0)));
      error.message += `\n${text.slice(-LOG_SHOWN)}`;
      throw error;
    }
  }
}

/** Loads BTF; its descriptor. */
export function loadBtf(btf: Uint8Array): number {
  return new Attributes().bytes(0, btf).u32(16, btf.length).call(COMMAND.btfLoad, "load BTF");
}

/** Attaches a program to a cgroup or network namespace; the link's descriptor. */
export function createLink(program: number, target: number, attachType: number): number {
  return new Attributes()
    .u32(0, program)
    .u32(4, target)
    .u32(8, attachType)
    .call(COMMAND.linkCreate, "attach program");
}

/** Replaces a link's program without a gap. */
export function updateLink(link: number, program: number): void {
  new Attributes().u32(0, link).u32(4, program).call(COMMAND.linkUpdate, "update link");
}

/** Takes a link off its target, whoever else holds it. */
export function detachLink(link: number): void {
  new Attributes().u32(0, link).call(COMMAND.linkDetach, "detach link");
}

/** The inode of the cgroup or network namespace that a link is attached to; 0 where that is gone. Throws SysError. */
export function linkTarget(link: number): bigint {
  // struct bpf_link_info: type, id, program, padding, then the cgroup's id (its inode) or the namespace's inode
  const info = new Uint8Array(64);
  new Attributes().u32(0, link).u32(4, info.length).bytes(8, info).call(COMMAND.info, "read link");
  const view = new DataView(info.buffer);
  return view.getUint32(0, true) === LINK_CGROUP
    ? view.getBigUint64(16, true)
    : BigInt(view.getUint32(16, true));
}

/** Pins an object at a path in a bpffs. */
export function pinObject(fd: number, path: string): void {
  new Attributes().bytes(0, cString(path)).u32(8, fd).call(COMMAND.pin, `pin ${path}`);
}

/** The object pinned at a path; undefined where there is none. */
export function getObject(path: string): number | undefined {
  let fd: number | undefined;
  const there = found(() => {
    fd = new Attributes().bytes(0, cString(path)).call(COMMAND.get, `open ${path}`);
  });
  return there ? fd : undefined;
}

/** Closes descriptors of maps, programs or links. */
export function closeAll(fds: Iterable<number>): void {
  for (const fd of fds) close(fd);
}

function found(call: () => void): boolean {
  try {
    call();
    return true;
  } catch (error) {
    if (error instanceof SysError && error.code === "ENOENT") return false;
    throw error;
  }
}
