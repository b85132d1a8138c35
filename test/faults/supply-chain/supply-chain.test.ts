import { expect, test } from "bun:test";
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { type Lockfile, lockProblems, type Manifest } from "./lockfile.ts";
import { type Releases, releaseProblems } from "./release-age.ts";
import { secretsIn } from "./secrets.ts";

const json = (path: string): unknown => JSON.parse(readFileSync(path, "utf8"));
const manifest = json("package.json") as Manifest;
const lock = json("package-lock.json") as Lockfile;
const releases = json("test/faults/supply-chain/releases.json") as Releases;

test("L5: the lockfile has every package from the registry, by hash, and no install script but those approved", () => {
  expect(lock.lockfileVersion).toBe(3);
  expect(Object.keys(manifest.allowScripts).toSorted()).toEqual(["@bufbuild/buf", "bun"]);
  expect(lockProblems(manifest, lock)).toEqual([]);
});

test.each([
  ["a place in git", { resolved: "git+ssh://git@example.org/a.git#1" }],
  ["a place by http", { resolved: "http://example.org/a.tgz" }],
  ["no hash", { integrity: "" }],
  ["a weak hash", { integrity: "sha1-2jmj7l5rSw0yVb/vlWAYkK/YBwk=" }],
  ["a link", { link: true }],
  ["a new install script", { hasInstallScript: true }],
  ["another version than package.json", { version: "0.0.1" }],
])("L5: %s is found in a lockfile", (_, change) => {
  const path = "node_modules/ajv";
  const packages = { ...lock.packages, [path]: { ...lock.packages[path], ...change } };
  expect(lockProblems(manifest, { ...lock, packages })).toHaveLength(1);
});

test("L5: a lockfile that is not package.json's, and a version that is a range, are found", () => {
  const dependencies = { ...manifest.dependencies, ajv: "^8.17.1" };
  expect(lockProblems({ ...manifest, dependencies }, lock)).toEqual([
    "dependencies of the lockfile are not those of package.json",
    "ajv: ^8.17.1 is no exact version",
    "ajv: not locked at ^8.17.1",
  ]);
});

test("L5: what is installed is what is locked: npm ci, in one place", () => {
  expect(readFileSync("setup.mjs", "utf8")).toContain('run("npm", ["ci", ');
  for (const path of [".ci/run", "package.json", "setup.mjs"])
    expect(readFileSync(path, "utf8")).not.toMatch(/\b(?:npm|bun|yarn|pnpm) (?:i|install|add)\b/);
});

test("L6: each direct dependency had been out for a week when it was taken", () => {
  expect(releaseProblems(manifest, releases)).toEqual([]);
});

test("L6: one that is younger, or that nobody asked about, is found", () => {
  const id = "ajv@8.17.1";
  const young = { ...releases, [id]: { released: "2026-11-25", checked: "2026-11-29" } };
  expect(releaseProblems(manifest, young)).toEqual([`${id}: released 4 days before it was taken`]);
  const { [id]: _, ...others } = releases;
  expect(releaseProblems(manifest, others)).toHaveLength(1);
});

/** What looks like a secret, and is none. */
const NONE: ReadonlySet<string> = new Set([
  // The name of a Secret.
  "cli/commands/upgrade.test.ts: named secret",
  // A target that parsers must refuse.
  "test/conformance/http1/vectors/heads.ts: password in a URL",
  // One that a span does not tell.
  "proxy/tracing/span.test.ts: password in a URL",
]);

test("L13: no file of the repository holds a secret", () => {
  const { stdout } = spawnSync("git", ["ls-files", "-z"], { encoding: "utf8" });
  const files = stdout.split("\0").filter((path) => path !== "");
  expect(files.length).toBeGreaterThan(500);
  const found = files.flatMap((path) =>
    secretsIn(readFileSync(path, "latin1"))
      .filter(({ kind }) => !NONE.has(`${path}: ${kind}`))
      .map(({ kind, line }) => `${path}:${line}: ${kind}`),
  );
  expect(found).toEqual([]);
});

const letters = (count: number): string => "Ab3".repeat(count).slice(0, count);
test.each([
  ["private key", `-----BEGIN ${"EC "}PRIVATE KEY-----\n${letters(64)}\n`],
  ["cloud access key", `id = AK${"IA"}${letters(16).toUpperCase()}`],
  ["API key", `AI${"za"}${letters(35)}`],
  ["forge token", `gh${"p_"}${letters(36)}`],
  ["registry token", `//registry/:_auth${"Token"}=${letters(20)}`],
  ["chat token", `xo${"xb"}-${letters(24)}`],
  ["signed token", `ey${"J"}${letters(20)}.ey${"J"}${letters(30)}.${letters(40)}`],
  ["password in a URL", `https://me:${letters(12)}@example.org/`],
  ["named secret", `pass${"word"} = "${letters(24)}"`],
])("L13: a %s is found, with its line", (kind, text) => {
  expect(secretsIn(`first\n${text}\n`)).toEqual([{ kind, line: 2 }]);
});
