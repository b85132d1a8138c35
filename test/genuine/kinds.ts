/** Which fields a message's type has, with those of the messages within it, and which of them a message sets. */

import type { DescField, DescMessage, Message } from "@bufbuild/protobuf";
import { reflect } from "@bufbuild/protobuf/reflect";

const PACKAGE = /^io\.linkerd\.proxy\./;

/** `outbound.HttpRoute.Rule.retry`. */
function nameOf({ parent, name }: DescField): string {
  return `${parent.typeName.replace(PACKAGE, "")}.${name}`;
}

/** Every field that a message of this type may have set, anywhere within it. */
export function kindsOf(
  schema: DescMessage,
  seen: Set<DescMessage> = new Set(),
): ReadonlySet<string> {
  const kinds = new Set<string>();
  if (seen.has(schema)) return kinds;
  seen.add(schema);
  for (const field of schema.fields) {
    kinds.add(nameOf(field));
    if (field.message !== undefined)
      for (const kind of kindsOf(field.message, seen)) kinds.add(kind);
  }
  return kinds;
}

/** Every field that this message sets, anywhere within it. */
export function kindsIn(schema: DescMessage, message: Message): ReadonlySet<string> {
  const kinds = new Set<string>();
  const within = (field: DescField, value: Message): void => {
    if (field.message !== undefined)
      for (const kind of kindsIn(field.message, value)) kinds.add(kind);
  };
  const seen = reflect(schema, message);
  for (const field of schema.fields) {
    if (!seen.isSet(field)) continue;
    kinds.add(nameOf(field));
    if (field.fieldKind === "message") within(field, seen.get(field).message);
    if (field.fieldKind === "list" && field.listKind === "message")
      for (const each of seen.get(field)) within(field, (each as { message: Message }).message);
  }
  return kinds;
}
