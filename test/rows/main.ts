/** Prints each row of the tables with the tests of the last run that name it and passed; fails where a row has none. */

import { existsSync, readFileSync } from "node:fs";
import { rowsNamed } from "./named.ts";
import { type Reason, readFaultReasons, readReasons } from "./reasons.ts";
import { passedCases, passedTests } from "./report.ts";
import { TABLES } from "./tables.ts";

/** What `npm test` leaves behind: its tests, and what its programs printed. */
const TESTS = "dist/junit.xml";
const PROGRAMS = "dist/programs.txt";
/** And what a run of the long ones prints, where there was one. */
const LONG = "dist/faults.txt";

const HELP = `npm run rows [-- --missing]

Prints every row of Linkerd's interface and of the faults with the tests that
name it, ran and passed in the last run of npm test, and ends with counts. It
fails where a row has neither a test nor a reason (test/rows/README.md,
test/faults/README.md).

  --missing  only the rows that have neither
`;

/** Tests by row. */
function testsOf(titles: readonly string[]): Map<string, string[]> {
  const known = new Set(TABLES.flatMap(({ ids }) => ids));
  const found = new Map<string, string[]>();
  for (const title of titles)
    for (const row of rowsNamed(title, known)) found.set(row, [...(found.get(row) ?? []), title]);
  return found;
}

const say = (line: string): void => void process.stdout.write(`${line}\n`);

function show(row: string, tests: readonly string[], reason: Reason | undefined): void {
  if (tests.length > 0) for (const title of tests) say(`  ${row}  ${title}`);
  else if (reason !== undefined) say(`  ${row}  not tested (${reason.kind}): ${reason.why}`);
  else say(`  ${row}  MISSING`);
}

/** Prints all tables; how many rows have neither test nor reason. */
function report(onlyMissing: boolean): number {
  const titles = [
    ...passedTests(readFileSync(TESTS, "utf8")),
    ...[PROGRAMS, LONG].flatMap((path) =>
      existsSync(path) ? passedCases(readFileSync(path, "utf8")) : [],
    ),
  ];
  const tests = testsOf(titles);
  const reasons = new Map(
    [
      ...readReasons(readFileSync("test/rows/README.md", "utf8")),
      ...readFaultReasons(readFileSync("test/faults/README.md", "utf8")),
    ].map((reason) => [reason.row, reason]),
  );
  let missing = 0;
  const counts: string[] = [];
  for (const { name, ids } of TABLES) {
    const lacking = ids.filter((row) => !tests.has(row) && !reasons.has(row));
    const tested = ids.filter((row) => tests.has(row)).length;
    missing += lacking.length;
    const excused = ids.length - tested - lacking.length;
    counts.push(
      `${name}: ${ids.length} rows, ${tested} tested, ${excused} with a reason, ${lacking.length} missing`,
    );
    const shown = onlyMissing ? lacking : ids;
    if (shown.length > 0) say(name);
    for (const row of shown) show(row, tests.get(row) ?? [], reasons.get(row));
  }
  say("");
  for (const line of counts) say(line);
  return missing;
}

const words = process.argv.slice(2);
if (words.includes("--help")) process.stdout.write(HELP);
else if (!existsSync(TESTS)) {
  process.stderr.write(`Cannot print rows: there is no ${TESTS}; npm test writes it\n`);
  process.exitCode = 2;
} else {
  const missing = report(words.includes("--missing"));
  say(missing === 0 ? "every row has a test or a reason" : `${missing} rows have neither`);
  if (missing > 0) process.exitCode = 1;
}
