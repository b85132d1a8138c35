/** Rows without a test, each with its reason: read from the tables of the README files. */

/** Reasons that a row may have any number of times, and `other`, of which there are few. */
export const KINDS = [
  "multicluster",
  "debug",
  "runtime",
  "better",
  "differs",
  "fault",
  "other",
] as const;

/** What kind of reason a row has. */
export type Kind = (typeof KINDS)[number];

/** So many rows may be left out for a reason of their own. */
export const OTHER_LIMIT = 10;

/** Why a row has no test. */
export interface Reason {
  readonly row: string;
  readonly kind: Kind;
  readonly why: string;
}

const isKind = (word: string): word is Kind => (KINDS as readonly string[]).includes(word);

/**
 * Reads `| row | kind of reason | reason |` (test/rows/README.md). Throws where a kind is none, a reason is empty, or more than
 * OTHER_LIMIT rows have a reason of their own.
 */
export function readReasons(markdown: string): Reason[] {
  const reasons = [...markdown.matchAll(/^\| `?([^|`]+?)`? \| (\w+) \| (.*?) \|$/gm)].map(
    ([, row = "", kind = "", why = ""]) => {
      if (!isKind(kind)) throw new Error(`Cannot leave ${row} out: "${kind}" is no kind of reason`);
      if (why === "") throw new Error(`Cannot leave ${row} out: it has no reason`);
      return { row, kind, why };
    },
  );
  const others = reasons.filter(({ kind }) => kind === "other").length;
  if (others > OTHER_LIMIT)
    throw new Error(`Cannot leave ${others} rows out for other reasons: ${OTHER_LIMIT} at most`);
  return reasons;
}

/** Reads `| row | reason |` (test/faults/README.md). */
export const readFaultReasons = (markdown: string): Reason[] =>
  [...markdown.matchAll(/^\| ([A-L]\d+) \| (\S.*?) \|$/gm)].map(([, row = "", why = ""]) => ({
    row,
    kind: "fault",
    why,
  }));
