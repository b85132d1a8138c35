/** Tables as Linkerd prints them: names to the left, figures to the right. */

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
