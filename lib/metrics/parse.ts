/** The Prometheus text format, read. */

/** One line of a scrape. */
export interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

const LINE = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})?\s+(\S+)(?:\s+-?\d+)?$/;
const LABEL = /([a-zA-Z_]\w*)="((?:[^"\\]|\\.)*)"/g;

/** Reads all samples of a scrape; comments, blank and malformed lines are passed over. */
export function parseExposition(text: string): Sample[] {
  return text.split("\n").flatMap((line) => {
    if (line.startsWith("#")) return [];
    const match = LINE.exec(line);
    return match === null
      ? []
      : [
          {
            name: match[1] ?? "",
            labels: parseLabels(match[2] ?? ""),
            value: parseValue(match[3] ?? ""),
          },
        ];
  });
}

function parseLabels(text: string): Record<string, string> {
  const labels: Record<string, string> = {};
  for (const [, name, value] of text.matchAll(LABEL))
    labels[name ?? ""] = (value ?? "").replace(/\\(.)/g, (_, c: string) => (c === "n" ? "\n" : c));
  return labels;
}

function parseValue(text: string): number {
  if (text === "+Inf") return Number.POSITIVE_INFINITY;
  return text === "-Inf" ? Number.NEGATIVE_INFINITY : Number(text);
}
