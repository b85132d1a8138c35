/** Tables as Linkerd prints them: names to the left, figures to the right. */

import type { Terminal } from "./context.ts";

/** A column: its title, and whether its cells stand to the left. */
export type Column = { readonly title: string; readonly left?: boolean };

const GAP = "   ";

/** Lines of a table, its titles first. */
export function renderTable(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
): string {
  const lines = [columns.map(({ title }) => title), ...rows];
  const widths = columns.map((_, at) =>
    Math.max(...lines.map((line) => [...(line[at] ?? "")].length)),
  );
  return lines
    .map((line) =>
      columns
        .map(({ left }, at) => {
          const cell = line[at] ?? "";
          const width = (widths[at] ?? 0) + cell.length - [...cell].length;
          return left === true ? cell.padEnd(width) : cell.padStart(width);
        })
        .join(GAP)
        .trimEnd(),
    )
    .map((line) => `${line}\n`)
    .join("");
}

/** Writes rows as JSON or as a table; that there are none is told where a table would be read. */
export function writeRows<Row>(
  rows: readonly Row[],
  how: {
    readonly json: boolean;
    readonly toJson: (row: Row) => Record<string, unknown>;
    readonly none: string;
    readonly columns: readonly Column[];
    readonly cells: (row: Row) => readonly string[];
  },
  terminal: Pick<Terminal, "write" | "warn">,
): void {
  if (how.json) terminal.write(`${JSON.stringify(rows.map(how.toJson), undefined, 2)}\n`);
  else if (rows.length === 0) terminal.warn(`${how.none}\n`);
  else terminal.write(renderTable(how.columns, rows.map(how.cells)));
}
