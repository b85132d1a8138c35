/** Counts which blocks of the parsers an input reaches, by counters that are written into their source. */

import { parseSync } from "oxc-parser";

/** How many blocks there can be. */
export const COUNTERS: number = 8192;

/** The counters; the instrumented source names them through `globalThis`. */
export const counters: Uint8Array = new Uint8Array(COUNTERS);

/** The name under which instrumented source finds the counters. */
const NAME = "__fuzz";
(globalThis as Record<string, unknown>)[NAME] = counters;

type Node = { readonly type: string; readonly start: number; readonly end: number } & Readonly<
  Record<string, unknown>
>;

/** Numbers blocks from 0 on; those past COUNTERS share. */
let next = 0;

/** Writes a counter into every block, branch, loop, case and short circuit of a TypeScript source. */
export function instrument(path: string, source: string): string {
  const { program, errors } = parseSync(path, source);
  if (errors.length > 0) throw new Error(`Cannot instrument ${path}: ${errors[0]?.message}`);
  const insertions: { readonly at: number; readonly text: string; readonly order: number }[] = [];
  const count = (): string => `${NAME}[${next++ % COUNTERS}]++`;
  const wrap = (node: Node, before: string, after: string): void => {
    // What begins later at the same place is inside, and so is what ends earlier.
    insertions.push({ at: node.start, text: before, order: insertions.length });
    insertions.push({ at: node.end, text: after, order: -insertions.length });
  };
  const statement = (node: unknown): void => {
    const it = node as Node | null | undefined;
    if (it != null && it.type !== "BlockStatement") wrap(it, `{${count()};`, "}");
  };
  const expression = (node: unknown): void => {
    wrap(node as Node, `(${count()},`, ")");
  };
  const visit = (node: Node): void => {
    switch (node.type) {
      case "BlockStatement":
      case "FunctionBody":
        insertions.push({ at: node.start + 1, text: `${count()};`, order: insertions.length });
        break;
      case "IfStatement":
        statement(node["consequent"]);
        statement(node["alternate"]);
        break;
      case "ForStatement":
      case "ForOfStatement":
      case "WhileStatement":
        statement(node["body"]);
        break;
      case "ConditionalExpression":
        expression(node["consequent"]);
        expression(node["alternate"]);
        break;
      case "LogicalExpression":
        expression(node["right"]);
        break;
      case "SwitchCase": {
        const [first] = node["consequent"] as Node[];
        if (first !== undefined)
          insertions.push({ at: first.start, text: `${count()};`, order: insertions.length });
        break;
      }
    }
    for (const child of Object.values(node)) visitAll(child);
  };
  const visitAll = (child: unknown): void => {
    if (Array.isArray(child)) for (const each of child) visitAll(each);
    else if (typeof child === "object" && child !== null && "type" in child) visit(child as Node);
  };
  visit(program as unknown as Node);
  return apply(source, insertions);
}

function apply(
  source: string,
  insertions: readonly { readonly at: number; readonly text: string; readonly order: number }[],
): string {
  const sorted = insertions.toSorted((a, b) => a.at - b.at || a.order - b.order);
  let text = "";
  let at = 0;
  for (const insertion of sorted) {
    text += source.slice(at, insertion.at) + insertion.text;
    at = insertion.at;
  }
  return text + source.slice(at);
}
