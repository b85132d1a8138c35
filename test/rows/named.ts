/** Which rows a test's title names: the ids that it begins with, as in `INB3, INB4: a server without …`. */

/** One test holds that many rows at most: a title is to say what it looks at. */
export const ROWS_PER_TEST = 5;

const SEPARATOR = /^(?:, | and )/;
const END = /^(?::| |$)/;

/**
 * The known ids at the beginning of a title, in their order; none where it begins with something else. Throws where
 * there are more than ROWS_PER_TEST.
 */
export function rowsNamed(title: string, known: ReadonlySet<string>): string[] {
  const ids: string[] = [];
  let rest = title;
  for (;;) {
    const word = /^[^\s,:]+(?::[^\s,:]+)*/.exec(rest)?.[0] ?? "";
    if (!known.has(word)) return [];
    ids.push(word);
    rest = rest.slice(word.length);
    const separator = SEPARATOR.exec(rest)?.[0];
    if (separator === undefined) break;
    rest = rest.slice(separator.length);
  }
  if (!END.test(rest)) return [];
  if (ids.length > ROWS_PER_TEST)
    throw new Error(`Cannot count "${title}": a test names ${ROWS_PER_TEST} rows at most`);
  return ids;
}
