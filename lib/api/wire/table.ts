/** Messages as tables: what of protobuf's descriptors a reader and a writer need, compiled from a line of text on first use. */

import type { DescMessage } from "@bufbuild/protobuf";

/** Kinds of values that are no message; an enum is an `int32` (proto3's are open). */
export type Scalar =
  | "string"
  | "bytes"
  | "bool"
  | "int32"
  | "uint32"
  | "int64"
  | "uint64"
  | "fixed32"
  | "fixed64"
  | "float"
  | "double";

/** One field of a message. */
export interface Field {
  readonly name: string;
  readonly number: number;
  /** The oneof it belongs to. */
  readonly oneof: string | undefined;
  readonly repeated: boolean;
  /** `map` is map<string, string>, the only one in use. */
  readonly type: Scalar | "map" | MessageTable;
}

/** A message type; its fields are read from the text of its package when they are first needed. */
export class MessageTable<D extends DescMessage = DescMessage> {
  /** Only for the type checker: the descriptor whose shape is read and written. */
  declare readonly desc?: D;
  readonly typeName: string;
  readonly #parse: () => readonly Field[];
  #fields: readonly Field[] | undefined;
  #byNumber: ReadonlyMap<number, Field> | undefined;

  constructor(typeName: string, parse: () => readonly Field[]) {
    this.typeName = typeName;
    this.#parse = parse;
  }

  /** In the order of their numbers. */
  get fields(): readonly Field[] {
    this.#fields ??= this.#parse();
    return this.#fields;
  }

  /** The field with a number. */
  field(number: number): Field | undefined {
    this.#byNumber ??= new Map(this.fields.map((field) => [field.number, field]));
    return this.#byNumber.get(number);
  }
}

/**
 * The messages of one proto package, a line each: `Name field:number:type …`. A field of a oneof is `oneof.field`; a
 * message of another package is `package/Name`; `*` makes it repeated.
 */
export class Package {
  readonly #name: string;
  readonly #imports: Readonly<Record<string, Package>>;
  readonly #text: string;
  readonly #known = new Map<string, MessageTable>();

  constructor(name: string, imports: Readonly<Record<string, Package>>, text: string) {
    this.#name = name;
    this.#imports = imports;
    this.#text = text;
  }

  /** A message by its name within the package. Reading its fields throws RangeError where there is none. */
  message<D extends DescMessage>(name: string): MessageTable<D> {
    let table = this.#known.get(name);
    if (table === undefined) {
      table = new MessageTable(`${this.#name}.${name}`, () => this.#parse(name));
      this.#known.set(name, table);
    }
    return table as MessageTable<D>;
  }

  #parse(name: string): readonly Field[] {
    const line = this.#text
      .split("\n")
      .find((each) => each === name || each.startsWith(`${name} `));
    if (line === undefined)
      throw new RangeError(`Cannot find message ${name} in ${this.#name}: run npm run gen`);
    return line
      .split(" ")
      .slice(1)
      .map((word) => this.#field(word));
  }

  #field(word: string): Field {
    const [path = "", number, type = ""] = word.split(":");
    const [name = "", oneof] = path.split(".").reverse();
    const repeated = type.endsWith("*");
    return {
      name,
      number: Number(number),
      oneof,
      repeated,
      type: this.#type(repeated ? type.slice(0, -1) : type),
    };
  }

  /** Only names of messages begin with a capital. */
  #type(word: string): Field["type"] {
    const [name = "", from] = word.split("/").reverse();
    if (name < "a")
      return (from === undefined ? this : this.#imports[from])?.message(name) as MessageTable;
    return name as Scalar | "map";
  }
}
