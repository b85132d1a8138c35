/** What a run of the tests has left behind: the titles of all that ran and passed. */

const CASE = /<testcase name="([^"]*)"[^>]*?(\/>|>([\s\S]*?)<\/testcase>)/g;
const ENTITIES: Readonly<Record<string, string>> = {
  amp: "&",
  lt: "<",
  gt: ">",
  quot: '"',
  apos: "'",
};

const unescaped = (text: string): string =>
  text
    .replace(/&#(\d+);/g, (_, code: string) => String.fromCodePoint(Number(code)))
    .replace(/&(amp|lt|gt|quot|apos);/g, (all, name: string) => ENTITIES[name] ?? all);

/** Titles of the tests that passed, by a JUnit report as Bun writes it. */
export function passedTests(xml: string): string[] {
  return [...xml.matchAll(CASE)].flatMap(([, name = "", , inner = ""]) =>
    /<(?:failure|skipped|error)\b/.test(inner) ? [] : unescaped(name),
  );
}

/** Titles of the cases that passed, by what programs with suites of their own print: `passed SUITE: TITLE (1.0 s)`. */
export const passedCases = (text: string): string[] =>
  [...text.matchAll(/^passed [\w-]+: (.*?)(?: \([\d.]+ s\))?$/gm)].map(([, title = ""]) => title);
