/** A plugin of buf: the tables by which the proxy reads and writes the messages that its parameter names, and what these hold. */

import {
  create,
  createFileRegistry,
  type DescField,
  type DescMessage,
  fromBinary,
  ScalarType,
  toBinary,
} from "@bufbuild/protobuf";
import {
  CodeGeneratorRequestSchema,
  CodeGeneratorResponseSchema,
  FileDescriptorSetSchema,
} from "@bufbuild/protobuf/wkt";

const SCALARS: { readonly [type in ScalarType]?: string } = {
  [ScalarType.STRING]: "string",
  [ScalarType.BYTES]: "bytes",
  [ScalarType.BOOL]: "bool",
  [ScalarType.INT32]: "int32",
  [ScalarType.UINT32]: "uint32",
  [ScalarType.INT64]: "int64",
  [ScalarType.UINT64]: "uint64",
  [ScalarType.FIXED32]: "fixed32",
  [ScalarType.FIXED64]: "fixed64",
  [ScalarType.FLOAT]: "float",
  [ScalarType.DOUBLE]: "double",
};

/** The messages that these hold, themselves included. */
function reachable(roots: readonly DescMessage[]): DescMessage[] {
  const found = new Set(roots);
  for (const message of found)
    for (const { message: held } of message.fields) if (held !== undefined) found.add(held);
  return [...found];
}

const packageOf = ({ file }: DescMessage): string => file.proto.package;
/** What a package is called within the tables: its last part, with the name of what it is a version of. */
const shortOf = (name: string): string =>
  /[^.]+?(\.v\d+)?$/.exec(name)?.[0].replace(".v", "V") ?? name;
const nameOf = (message: DescMessage): string =>
  message.typeName.slice(packageOf(message).length + 1);

function refuse(field: DescField): never {
  throw new Error(
    `Cannot make a table of ${field}: lib/api/wire knows no such fields yet; teach it, with tests`,
  );
}

function typeOf(field: DescField): string {
  const list = field.fieldKind === "list" ? "*" : "";
  if (field.fieldKind === "map") {
    const texts = field.mapKey === ScalarType.STRING && field.scalar === ScalarType.STRING;
    return texts ? "map" : refuse(field);
  }
  if (field.message !== undefined) {
    const from = packageOf(field.message);
    const within = from === packageOf(field.parent) ? "" : `${shortOf(from)}/`;
    return `${within}${nameOf(field.message)}${list}`;
  }
  const scalar = field.enum === undefined ? SCALARS[field.scalar] : "int32";
  return scalar === undefined || field.proto.proto3Optional ? refuse(field) : `${scalar}${list}`;
}

/** A message in the language of lib/api/wire/table.ts. */
function lineOf(message: DescMessage): string {
  const fields = message.fields.toSorted((a, b) => a.number - b.number);
  const words = fields.map((field) => {
    const within = field.oneof === undefined ? "" : `${field.oneof.localName}.`;
    return `${within}${field.localName}:${field.number}:${typeOf(field)}`;
  });
  return [nameOf(message), ...words].join(" ");
}

/** The file of one package; its roots are exported with the types that protobuf-es gives them. */
function fileOf(messages: readonly DescMessage[], roots: readonly DescMessage[]): string {
  const [first] = messages as [DescMessage];
  const name = packageOf(first);
  const own = roots.filter((root) => packageOf(root) === name);
  const others = new Set(
    messages.flatMap(({ fields }) =>
      fields.flatMap(({ message }) =>
        message === undefined || packageOf(message) === name ? [] : packageOf(message),
      ),
    ),
  );
  const imported = [...others].map(shortOf).toSorted();
  const schemas = own.map((root) => `${nameOf(root)}Schema`);
  return [
    `/** Tables of ${name}, made of its descriptors by test/wire-tables.ts. @generated: \`npm run gen\`. */`,
    "",
    ...own
      .slice(0, 1)
      .map(
        ({ file }) => `import type { ${schemas.join(", ")} } from "../../gen/${file.name}_pb.ts";`,
      ),
    `import { ${own.length > 0 ? "type MessageTable, " : ""}Package } from "../table.ts";`,
    ...imported.map((each) => `import { ${each} } from "./${each}.ts";`),
    "",
    `export const ${shortOf(name)}: Package = new Package("${name}", { ${imported.join(", ")} }, \``,
    ...messages.map(lineOf).toSorted(),
    "`);",
    ...own.map(
      (root) =>
        `export const ${nameOf(root)}: MessageTable<typeof ${nameOf(root)}Schema> = ${shortOf(name)}.message("${nameOf(root)}");`,
    ),
    "",
  ].join("\n");
}

const request = fromBinary(
  CodeGeneratorRequestSchema,
  new Uint8Array(await Bun.stdin.arrayBuffer()),
);
const registry = createFileRegistry(create(FileDescriptorSetSchema, { file: request.protoFile }));
const roots = request.parameter.split(",").map((name) => {
  const message = registry.getMessage(name);
  if (message === undefined)
    throw new Error(`Cannot make a table of ${name}: no proto file has it; see buf.gen.yaml`);
  return message;
});
const packages = Object.values(Object.groupBy(reachable(roots), packageOf)) as DescMessage[][];
const file = packages.map((messages) => ({
  name: `${shortOf(packageOf(messages[0] as DescMessage))}.ts`,
  content: fileOf(messages, roots),
}));
const response = create(CodeGeneratorResponseSchema, { file });
await Bun.write(Bun.stdout, toBinary(CodeGeneratorResponseSchema, response));
