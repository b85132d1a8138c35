import { expect, test } from "bun:test";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { servePlain } from "#lib/net/plain-http.ts";
import { readInputs } from "./input.ts";

const nothing = (): Promise<string> => Promise.resolve("");
const failure = async (names: readonly string[]): Promise<string> =>
  await readInputs(names, nothing).then(
    () => "",
    (error: unknown) => String(error),
  );

test("readInputs() reads standard input, files and folders with all below them, in order", async () => {
  const folder = await mkdtemp(join(tmpdir(), "input-"));
  try {
    await mkdir(join(folder, "b"));
    await writeFile(join(folder, "b", "x.yaml"), "b: 1\n---\nb: 2\n");
    await writeFile(join(folder, "a.yml"), "a: 1\n");
    await writeFile(join(folder, "c.json"), '{"c": 1}\n');
    await writeFile(join(folder, "README.md"), "# no YAML");
    const found = await readInputs(["-", folder], () => Promise.resolve("s: 1\n"));
    expect(found.map(({ file, number }) => `${file.replace(folder, "")} ${number}`)).toEqual([
      "standard input 1",
      "/a.yml 1",
      "/b/x.yaml 1",
      "/b/x.yaml 2",
      "/c.json 1",
    ]);
  } finally {
    await rm(folder, { recursive: true });
  }
});

test("readInputs() says what is missing or empty", async () => {
  expect(await failure([])).toContain("no file is given");
  expect(await failure(["/nowhere/app.yml"])).toContain(
    "Cannot read /nowhere/app.yml: there is no such file or folder",
  );
  expect(await failure(["-"])).toContain("Cannot read -: there is no YAML document in it");
  expect(await failure(["http://127.0.0.1:1/app.yml"])).toContain(
    "Cannot read http://127.0.0.1:1/app.yml",
  );
});

test("readInputs() downloads URLs", async () => {
  const server = servePlain({ ip: "127.0.0.1", port: 0 }, ({ path }) =>
    path === "/app.yml" ? { status: 200, body: "a: 1\n" } : { status: 404, body: "" },
  );
  try {
    const at = `http://127.0.0.1:${server.port}`;
    expect(await readInputs([`${at}/app.yml`], nothing)).toHaveLength(1);
    expect(await failure([`${at}/other.yml`])).toContain("HTTP status 404");
  } finally {
    server.stop();
  }
});
