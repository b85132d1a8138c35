import { expect, test } from "bun:test";
import { MessageTable, Package } from "./table.ts";

const other = new Package("x.other", {}, "\nItem name:1:string\n");
const own = new Package(
  "x.own",
  { other },
  "\nNode kind.leaf:1:int32 next:2:Node items:7:other/Item*\nNode.Empty\n",
);

test("Package reads the fields of a message, those of others and its own within itself", () => {
  const node = own.message("Node");
  expect(node.typeName).toBe("x.own.Node");
  expect(node.field(1)).toEqual({
    ...{ name: "leaf", number: 1, oneof: "kind", repeated: false },
    type: "int32",
  });
  expect(node.field(2)?.type).toBe(node);
  const items = node.field(7);
  expect([items?.repeated, items?.oneof]).toEqual([true, undefined]);
  expect(items?.type instanceof MessageTable && items.type.typeName).toBe("x.other.Item");
  expect([node.field(3), own.message("Node.Empty").fields]).toEqual([undefined, []]);
});

test("Package says what to do where a message is missing", () => {
  expect(() => own.message("Nod").fields).toThrow(/run npm run gen/);
});
