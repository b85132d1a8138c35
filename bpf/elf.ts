/** Reads a BPF object file: its programs with their relocations, and its constants. */

/** A place in a program that names a map, or an offset in the constants. */
export interface Relocation {
  /** Byte offset of the instruction in the program. */
  readonly at: number;
  readonly target: { readonly type: "map"; readonly name: string } | { readonly type: "rodata" };
  /** Where the symbol begins in its section, bytes. */
  readonly offset: number;
}

/** A program as the compiler left it. */
export interface ProgramSpec {
  readonly name: string;
  readonly section: string;
  readonly code: Uint8Array;
  readonly relocations: readonly Relocation[];
}

/** What an object file holds. */
export interface CollectionSpec {
  readonly programs: readonly ProgramSpec[];
  readonly rodata: Uint8Array;
}

type Section = { name: string; type: number; at: number; size: number; link: number; info: number };
type ElfSymbol = { name: string; info: number; section: number; value: number; size: number };

const SHT_SYMTAB = 2;
const SHT_REL = 9;
const GLOBAL_FUNCTION = 0x12;
const NOT_PROGRAMS = new Set([".maps", ".rodata", "license"]);

/** Reads a little-endian 64-bit BPF object. Throws an error that says what is not understood. */
export function readElf(bytes: Uint8Array): CollectionSpec {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < 64 || view.getUint32(0) !== 0x7f454c46 || view.getUint16(18, true) !== 247)
    throw new Error("Cannot read BPF object: it is no ELF file for BPF");
  const sections = readSections(view);
  const symbols = readSymbols(view, sections);
  const rodata = sections.find(({ name }) => name === ".rodata");
  return {
    programs: symbols
      .filter(({ info, section }) => info === GLOBAL_FUNCTION && isProgram(sections[section]))
      .map((symbol) => readProgram(view, { sections, symbols, symbol })),
    rodata: rodata === undefined ? new Uint8Array() : slice(view, rodata.at, rodata.size),
  };
}

const isProgram = (section: Section | undefined): boolean =>
  section !== undefined && !NOT_PROGRAMS.has(section.name);

function slice(view: DataView, at: number, size: number): Uint8Array {
  return new Uint8Array(view.buffer, view.byteOffset + at, size).slice();
}

function text(view: DataView, at: number): string {
  let end = at;
  while (view.getUint8(end) !== 0) end++;
  return new TextDecoder().decode(slice(view, at, end - at));
}

function readSections(view: DataView): Section[] {
  const start = Number(view.getBigUint64(40, true));
  const headers = Array.from({ length: view.getUint16(60, true) }, (_, i) => start + i * 64);
  const names = headers[view.getUint16(62, true)] ?? start;
  const namesAt = Number(view.getBigUint64(names + 24, true));
  return headers.map((at) => ({
    name: text(view, namesAt + view.getUint32(at, true)),
    type: view.getUint32(at + 4, true),
    at: Number(view.getBigUint64(at + 24, true)),
    size: Number(view.getBigUint64(at + 32, true)),
    link: view.getUint32(at + 40, true),
    info: view.getUint32(at + 44, true),
  }));
}

function readSymbols(view: DataView, sections: readonly Section[]): ElfSymbol[] {
  const table = sections.find(({ type }) => type === SHT_SYMTAB);
  const names = sections[table?.link ?? -1];
  if (table === undefined || names === undefined)
    throw new Error("Cannot read BPF object: it has no symbols");
  return Array.from({ length: table.size / 24 }, (_, i) => {
    const at = table.at + i * 24;
    return {
      name: text(view, names.at + view.getUint32(at, true)),
      info: view.getUint8(at + 4),
      section: view.getUint16(at + 6, true),
      value: Number(view.getBigUint64(at + 8, true)),
      size: Number(view.getBigUint64(at + 16, true)),
    };
  });
}

function readProgram(
  view: DataView,
  from: {
    readonly sections: readonly Section[];
    readonly symbols: readonly ElfSymbol[];
    readonly symbol: ElfSymbol;
  },
): ProgramSpec {
  const { sections, symbols, symbol } = from;
  const { name, value, size, section } = symbol;
  const table = sections.find(({ type, info }) => type === SHT_REL && info === section);
  const relocations = Array.from({ length: (table?.size ?? 0) / 16 }, (_, i) => {
    const at = (table?.at ?? 0) + i * 16;
    const target = symbols[view.getUint32(at + 12, true)];
    return { at: Number(view.getBigUint64(at, true)) - value, target };
  })
    .filter(({ at }) => at >= 0 && at < size)
    .map(({ at, target }): Relocation => {
      const where = sections[target?.section ?? -1]?.name;
      if (where === ".maps")
        return { at, target: { type: "map", name: target?.name ?? "" }, offset: 0 };
      if (where === ".rodata")
        return { at, target: { type: "rodata" }, offset: target?.value ?? 0 };
      throw new Error(`Cannot relocate program ${name}: it refers to ${where ?? "nothing"}`);
    });
  const home = sections[section];
  return {
    name,
    section: home?.name ?? "",
    code: slice(view, (home?.at ?? 0) + value, size),
    relocations,
  };
}
