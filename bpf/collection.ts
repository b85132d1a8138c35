/** Loads a BPF object: maps by their pins, relocation, programs. */

import {
  closeAll,
  createMap,
  freezeMap,
  getObject,
  loadBtf,
  loadProgram,
  type MapDefinition,
  pinObject,
  updateElement,
} from "#lib/sys/bpf.ts";
import type { CollectionSpec, ProgramSpec } from "./elf.ts";

const SK_STORAGE = 24;
const NO_PREALLOC = 1;
const map = (
  type: number,
  [keyBytes, valueBytes, entries]: readonly [number, number, number],
  flags = 0,
): MapDefinition => ({ type, keyBytes, valueBytes, entries, flags });

/** The maps of bpf/maps.h and bpf/mesh.bpf.c. */
export const MAPS: Readonly<Record<string, MapDefinition>> = {
  pods: map(1, [8, 48, 4096], NO_PREALLOC),
  skip_ports: map(11, [16, 1, 65536], NO_PREALLOC),
  skip_cidr: map(11, [28, 1, 65536], NO_PREALLOC),
  inflight: map(9, [48, 20, 65536]),
  probes: map(9, [48, 1, 16384]),
  sk_dst: map(SK_STORAGE, [4, 20, 0], NO_PREALLOC),
  sk_peer: map(SK_STORAGE, [4, 20, 0], NO_PREALLOC),
  sk_owner: map(SK_STORAGE, [4, 4, 0], NO_PREALLOC),
  listeners: map(15, [4, 8, 8192]),
  stats: map(6, [4, 8, 16]),
};

/** Program and attach type of each section (linux/bpf.h). */
const KINDS: Readonly<Record<string, readonly [type: number, attachType: number]>> = {
  "cgroup/connect4": [18, 10],
  "cgroup/connect6": [18, 11],
  "cgroup/bind4": [18, 8],
  "cgroup/bind6": [18, 9],
  "cgroup/post_bind4": [9, 12],
  "cgroup/post_bind6": [9, 13],
  "cgroup/getpeername4": [18, 29],
  "cgroup/getpeername6": [18, 30],
  "cgroup/getsockname4": [18, 31],
  "cgroup/getsockname6": [18, 32],
  sockops: [13, 3],
  sk_lookup: [30, 36],
};

/** A program in the kernel. */
export interface LoadedProgram {
  readonly name: string;
  readonly fd: number;
  readonly attachType: number;
}

/** Loads all programs; maps come from the pins in `pins`, and are made and pinned where absent. */
export function loadCollection(
  spec: CollectionSpec,
  { pins, rodata = spec.rodata }: { readonly pins: string; readonly rodata?: Uint8Array },
): LoadedProgram[] {
  const maps = new Map<string, number>();
  const loaded: LoadedProgram[] = [];
  try {
    for (const program of spec.programs) {
      const [type, attachType] = KINDS[program.section] ?? [];
      if (type === undefined || attachType === undefined)
        throw new Error(`Cannot load program ${program.name}: unknown section ${program.section}`);
      const code = relocate(program, { maps, pins, rodata });
      const fd = loadProgram({ name: program.name, type, attachType, code });
      loaded.push({ name: program.name, fd, attachType });
    }
    return loaded;
  } catch (error) {
    closeAll(loaded.map(({ fd }) => fd));
    throw error;
  } finally {
    closeAll(maps.values());
  }
}

function relocate(
  { code, relocations }: ProgramSpec,
  from: { readonly maps: Map<string, number>; readonly pins: string; readonly rodata: Uint8Array },
): Uint8Array {
  const copy = code.slice();
  const view = new DataView(copy.buffer);
  for (const { at, target, offset } of relocations) {
    const name = target.type === "map" ? target.name : ".rodata";
    const fd = from.maps.get(name) ?? openMap(name, from);
    from.maps.set(name, fd);
    const source = target.type === "map" ? 1 : 2;
    view.setUint8(at + 1, (view.getUint8(at + 1) & 15) | (source << 4));
    if (source === 2) view.setUint32(at + 12, view.getUint32(at + 4, true) + offset, true);
    view.setUint32(at + 4, fd, true);
  }
  return copy;
}

function openMap(
  name: string,
  { pins, rodata }: { readonly pins: string; readonly rodata: Uint8Array },
): number {
  if (name === ".rodata") {
    const fd = createMap("rodata", map(2, [4, rodata.length, 1], 128));
    updateElement(fd, new Uint8Array(4), rodata);
    freezeMap(fd);
    return fd;
  }
  const pinned = getObject(`${pins}/m_${name}`);
  if (pinned !== undefined) return pinned;
  const definition = MAPS[name];
  if (definition === undefined) throw new Error(`Cannot create map ${name}: it is unknown`);
  const fd =
    definition.type === SK_STORAGE ? createStorage(name, definition) : createMap(name, definition);
  pinObject(fd, `${pins}/m_${name}`);
  return fd;
}

function createStorage(name: string, definition: MapDefinition): number {
  const btf = loadBtf(storageBtf());
  try {
    return createMap(name, definition, {
      fd: btf,
      key: 1,
      value: definition.valueBytes === 20 ? 2 : 3,
    });
  } finally {
    closeAll([btf]);
  }
}

/** BTF of three types: 1 is u32, 2 is u32[5], 3 is u32[1]. */
function storageBtf(): Uint8Array {
  const types = [1, 1 << 24, 4, 32, 0, 3 << 24, 0, 1, 1, 5, 0, 3 << 24, 0, 1, 1, 1];
  const words = [0x0001eb9f, 24, 0, types.length * 4, types.length * 4, 5, ...types];
  return new Uint8Array([...new Uint8Array(Uint32Array.from(words).buffer), 0, 117, 51, 50, 0]);
}
