import { expect, test } from "bun:test";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runCommand } from "../../test/fake/cli.ts";

const deployment = (name: string): string =>
  `kind: Deployment\nmetadata:\n  name: ${name}\nspec:\n  template:\n    spec:\n      containers: []\n`;

test.each([
  [
    "a: 1\n---\nkind: Pod\nspec:\n  containers: [\n",
    "Cannot read standard input, document 2, line 6, field spec.containers: unexpected end of the stream within a flow collection\n",
  ],
  [
    "a: 1\n  b: 2\n",
    "Cannot read standard input, document 1, line 2, field a.b: bad indentation of a mapping entry\n",
  ],
  [
    "a: 1\na: 2\n",
    "Cannot read standard input, document 1, line 2, field a: duplicated mapping key\n",
  ],
  ["- a\n", "Cannot read standard input, document 1: an object is expected here\n"],
  ["kind: 5\n", "Cannot read standard input, document 1, field kind: a text is expected here\n"],
  [
    "kind: Pod\nmetadata: x\n",
    "Cannot read standard input, document 1, field metadata: an object is expected here\n",
  ],
  ["kind: Deployment\n", "Cannot read standard input, document 1, field spec: is missing\n"],
  [
    "kind: Deployment\nspec:\n  template: 1\n",
    "Cannot read standard input, document 1, field spec.template: an object is expected here\n",
  ],
  [
    "kind: Deployment\nspec:\n  template:\n    spec: {}\n",
    "Cannot read standard input, document 1, field spec.template.spec.containers: is missing\n",
  ],
  [
    "kind: Pod\nspec:\n  containers: {}\n",
    "Cannot read standard input, document 1, field spec.containers: a list is expected here\n",
  ],
  [
    "kind: Pod\nspec:\n  containers: [x]\n",
    "Cannot read standard input, document 1, field spec.containers.0: an object is expected here\n",
  ],
  [
    "kind: Pod\nmetadata:\n  labels: 3\nspec:\n  containers: []\n",
    "Cannot read standard input, document 1, field metadata.labels: an object is expected here\n",
  ],
  [
    "kind: List\nitems: 3\n",
    "Cannot read standard input, document 1, field items: a list is expected here\n",
  ],
  [
    "kind: List\nitems:\n- kind: Pod\n  spec: 1\n",
    "Cannot read standard input, document 1, field items.0.spec: an object is expected here\n",
  ],
  ["", "Cannot read -: there is no YAML document in it\n"],
])("%j is refused", async (stdin, message) => {
  for (const verb of ["inject", "uninject"])
    expect(await runCommand([verb, "-"], { stdin })).toEqual({ status: 1, out: "", err: message });
});

test("files and folders are read in order; a missing one, no one, and a wrong flag are errors", async () => {
  const folder = await mkdtemp(join(tmpdir(), "inject-"));
  try {
    await writeFile(join(folder, "b.yml"), deployment("b"));
    await writeFile(join(folder, "a.yaml"), deployment("a"));
    await writeFile(join(folder, "notes.txt"), "{");
    const { err } = await runCommand(["inject", folder, join(folder, "b.yml")]);
    expect(err).toBe(
      '\ndeployment "a" injected\ndeployment "b" injected\ndeployment "b" injected\n\n',
    );
    await writeFile(join(folder, "b.yml"), "{");
    expect((await runCommand(["inject", folder])).err).toStartWith(
      `Cannot read ${join(folder, "b.yml")}, document 1, line 2`,
    );
  } finally {
    await rm(folder, { recursive: true });
  }
  const missing = await runCommand(["inject", "/nowhere.yml"]);
  expect(missing).toEqual({
    status: 1,
    out: "",
    err: "Cannot read /nowhere.yml: there is no such file or folder\n",
  });
  expect((await runCommand(["inject"])).err).toContain("no file is given");
  expect((await runCommand(["inject", "--inbound-port", "99999", "-"])).err).toContain(
    "it is not a port.",
  );
  expect((await runCommand(["inject", "--default-inbound-policy", "x", "-"])).err).toContain(
    "is not one of all-unauthenticated",
  );
});

test("L3 odd YAML is one clear line, and nothing is written", async () => {
  const bomb = `a: &a [x,x,x,x,x,x,x,x]\n${"bcdefgh"
    .split("")
    .map((name, at) => `${name}: &${name} [${`*${"abcdefg"[at]},`.repeat(8)}]`)
    .join("\n")}\n`;
  for (const stdin of [bomb, "a:\n\tb: 1\n", `a: ${"[".repeat(1e5)}`, "a: &a [*a]\n"]) {
    const { status, out, err } = await runCommand(["inject", "-"], { stdin });
    expect([status, out]).toEqual([1, ""]);
    expect(err.trim().split("\n")).toHaveLength(1);
    expect(err).toStartWith("Cannot read standard input, document 1");
  }
});
