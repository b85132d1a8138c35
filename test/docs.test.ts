import { afterAll, expect, test } from "bun:test";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import type { Command } from "commander";
import { MENDING } from "../cli/check/hints.ts";
import type { Context } from "../cli/context.ts";
import { createProgram } from "../cli/program.ts";
import { SKIP_SENTENCES } from "../controller/injector/decide.ts";
import { SETTING_NAMES } from "../controller/injector/without-effect.ts";
import { commandsOf, pages, pageText } from "./e2e/docs.ts";
import { output } from "./e2e/shell.ts";
import { runCommand } from "./fake/cli.ts";

const ROOT = new URL("..", import.meta.url).pathname;
/** Programs that pages use beside our own. */
const OTHERS = ["kubectl", "openssl", "linkerd", "base64", "cat", "printf", "test"];
/** Roles of the executable that are no commands of the command line. */
const ROLES = ["cni", "dev", "controller", "proxy"];

const silent = { write: () => undefined, warn: () => undefined };
const context = { version: "1.2.3", terminal: silent, linkerdNamespace: "linkerd" };
const program = (): Command => createProgram(context as unknown as Context);

/** The words of a shell's command line, apart by what joins commands; quotes and redirections are gone. */
function simpleCommands(text: string): string[][] {
  const commands: string[][] = [[]];
  for (const [token, quoted] of text.matchAll(/'([^']*)'|\|\||&&|[|;]|(?:[^\s'|;&]|&(?!&))+/g)) {
    if (/^(?:\|\||&&|[|;])$/.test(token)) commands.push([]);
    else commands.at(-1)?.push(quoted ?? token);
  }
  return commands.map((words) => {
    const at = words.findIndex((word) => /^\d?[<>]/.test(word));
    const kept = at < 0 ? words : words.slice(0, at);
    return kept[0] === "!" ? kept.slice(1) : kept;
  });
}

/** What is wrong with the words of a `bunkerd` command; nothing where its verb, flags and arguments exist. */
function problemOf(words: readonly string[]): string | undefined {
  let command = program();
  let rest = [...words];
  for (;;) {
    const child = command.commands.find((each) =>
      [each.name(), ...each.aliases()].includes(rest[0] ?? ""),
    );
    if (child === undefined) break;
    command = child;
    rest = rest.slice(1);
  }
  if (command.commands.length > 0) return `${rest[0]} is no command`;
  try {
    const { operands, unknown } = command.parseOptions(rest);
    const strange = unknown.filter((word) => program().parseOptions([word]).unknown.length > 0);
    if (strange.length > 0) return `${strange.join(" ")} is not known`;
    const needed = command.registeredArguments.filter(({ required }) => required).length;
    return operands.length < needed ? "an argument is missing" : undefined;
  } catch (error) {
    return String(error);
  }
}

const checkLine = (text: string): string[] =>
  simpleCommands(text).flatMap(([name = "", ...words]) => {
    if (name !== "bunkerd") return OTHERS.includes(name) ? [] : [`${name} is no program of ours`];
    const problem = ROLES.includes(words[0] ?? "") ? undefined : problemOf(words);
    return problem === undefined ? [] : [problem];
  });

test.each([
  ["bunkerd chekc", "chekc is no command"],
  ["bunkerd check --prox", "--prox is not known"],
  ["bunkerd check -o xml", "xml"],
  ["bunkerd diagnostics endpoints", "an argument is missing"],
  ["bunkerd viz stat deploy | rm -rf x", "rm is no program of ours"],
  ["test ! -s a || bunkerd chekc", "chekc is no command"],
])("%s would be found: %s", (text, problem) => {
  expect(checkLine(text).join()).toContain(problem);
});

test.each(pages().map((name) => [name]))(
  "docs/%s: every command exists as it is written",
  (name) => {
    const text = pageText(name);
    const wrong = commandsOf(text).flatMap((command) =>
      checkLine(command.text).map((problem) => `line ${command.line}: ${problem}`),
    );
    const inline = [...text.matchAll(/`(bunkerd [^`]+)`/g)].map(([, line = ""]) => line);
    expect([...wrong, ...inline.flatMap((line) => checkLine(line))]).toEqual([]);
    const blocks = [...text.matchAll(/^```(.*)\n([\s\S]*?)^```$/gm)];
    const bare = blocks.filter(
      ([, mark, block = ""]) => mark === "" && /^(?:bunkerd|kubectl)/m.test(block),
    );
    expect(bare.map(([block]) => block)).toEqual([]);
  },
);

test.each([...pages().map((name) => `docs/${name}`), "README.md"].map((name) => [name]))(
  "%s: what it links to is there",
  (name) => {
    const text = readFileSync(ROOT + name, "utf8");
    const links = [...text.matchAll(/\]\((?!https?:)([^)#]+)/g)].map(([, link = ""]) => link);
    const gone = links.filter((link) => !existsSync(new URL(link, `file://${ROOT}${name}`)));
    expect(gone).toEqual([]);
  },
);

test("the list of pages has all of them", () => {
  const listed = [...pageText("README.md").matchAll(/\]\(([a-z-]+\.md)\)/g)].map(
    ([, page]) => page,
  );
  expect(["README.md", ...listed].toSorted()).toEqual(pages().toSorted() as never[]);
});

test("every hint of check has a section that says how the finding is mended, and no section is of nothing", () => {
  const sections = new Map(
    pageText("troubleshooting.md")
      .split(/^### /m)
      .slice(1)
      .map((section) => [section.slice(0, section.indexOf("\n")), section] as const),
  );
  expect([...sections.keys()].toSorted()).toEqual(Object.keys(MENDING).toSorted());
  for (const [anchor, mend] of Object.entries(MENDING)) {
    expect(sections.get(anchor)).toContain(mend);
    for (const [page] of mend.matchAll(/docs\/[a-z-]+\.md/g))
      expect(existsSync(ROOT + page)).toBe(true);
    const [line] = /bunkerd [^,]*\|.*|bunkerd (?:upgrade|uninstall)/.exec(mend) ?? [];
    if (line !== undefined) expect(checkLine(line.replace(/\.$/, ""))).toEqual([]);
  }
});

test("the page on injection names every annotation and every reason", () => {
  const text = pageText("injection.md");
  const missing = [...SETTING_NAMES, ...Object.keys(SKIP_SENTENCES)].filter(
    (name) => !text.includes(`\`${name}\``),
  );
  expect(missing).toEqual([]);
});

const dir = mkdtempSync(`${tmpdir()}/docs-`);
afterAll(() => rmSync(dir, { recursive: true }));

test("the certificates that the page makes are those that the mesh takes", async () => {
  const commands = commandsOf(pageText("certificates.md"));
  const own = commands.filter(({ text }) => /^(?:openssl|printf)/.test(text));
  expect(own.length).toBeGreaterThan(8);
  await output(["sh", "-ec", `cd ${dir}\n${own.map(({ text }) => text).join("\n")}`]);
  for (const prefix of ["", "new-"]) {
    const file = (name: string): string => `${dir}/${prefix}${name}`;
    const { status, err } = await runCommand(
      [
        ...["install", "--ignore-cluster", "--identity-trust-anchors-file", file("ca.crt")],
        ...["--identity-issuer-certificate-file", file("issuer.crt")],
        ...["--identity-issuer-key-file", file("issuer.key")],
      ],
      { wall: Date.now() },
    );
    expect([err, status]).toEqual(["", 0]);
  }
});

test("commandsOf() joins lines, leaves out comments, and tells examples apart", () => {
  const page = "# x\n```sh\na \\\n  b # c\n# d\n\ne\n```\n```\nf\n```\n```sh example\ng\n```\n";
  expect(commandsOf(page)).toEqual([
    { text: "a b", line: 3, example: false },
    { text: "e", line: 7, example: false },
    { text: "g", line: 13, example: true },
  ]);
});
