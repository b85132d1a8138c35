import { expect, test } from "bun:test";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { INPUT_LIMIT_BYTES, readInputs, type Sources } from "./input.ts";

const nothing = { stdin: (): Promise<string> => Promise.resolve("") };
const failure = async (names: readonly string[], sources: Sources = nothing): Promise<string> =>
  await readInputs(names, sources).then(
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
    const found = await readInputs(["-", folder], {
      stdin: () => Promise.resolve("s: 1\n"),
    });
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
  expect(await failure(["https://127.0.0.1:1/app.yml"])).toContain(
    "Cannot read https://127.0.0.1:1/app.yml",
  );
});

/** A web of pages, by URL: a text, or where it is sent on to. */
function web(pages: Readonly<Record<string, string | { readonly to: string }>>): Sources {
  return {
    ...nothing,
    fetch: (url) => {
      const page = pages[url];
      if (page === undefined) return Promise.resolve(new Response("", { status: 404 }));
      return Promise.resolve(
        typeof page === "string"
          ? new Response(page)
          : new Response("", { status: 302, headers: { location: page.to } }),
      );
    },
  };
}

test("readInputs() downloads URLs, and follows where they are sent on to", async () => {
  const sources = web({
    "https://a.test/app.yml": { to: "/new/app.yml" },
    "https://a.test/new/app.yml": "a: 1\n",
    "https://a.test/loop": { to: "/loop" },
  });
  expect(await readInputs(["https://a.test/app.yml"], sources)).toHaveLength(1);
  expect(await failure(["https://a.test/other.yml"], sources)).toContain("HTTP status 404");
  expect(await failure(["https://a.test/loop"], sources)).toContain("more than 5 times");
});

test.each(["http://a.test/app.yml", "ftp://a.test/app.yml", "file:///etc/passwd"])(
  "L1 %s is refused",
  async (url) => {
    expect(await failure([url], web({ [url]: "a: 1\n" }))).toContain(
      `Cannot read ${url}: it is not https://`,
    );
  },
);

test("L1 what is sent on to http:// is refused", async () => {
  const sources = web({
    "https://a.test/app.yml": { to: "http://a.test/app.yml" },
    "http://a.test/app.yml": "a: 1\n",
  });
  expect(await failure(["https://a.test/app.yml"], sources)).toContain(
    "it leads to http://a.test/app.yml, which is not https://",
  );
});

test("L3 what is too long is refused, from wherever it comes", async () => {
  const long = " ".repeat(INPUT_LIMIT_BYTES + 1);
  const stdin = (): Promise<string> => Promise.resolve(long);
  expect(await failure(["-"], { stdin })).toContain("it is longer than 64 MiB");
  expect(await failure(["https://a.test/x"], web({ "https://a.test/x": long }))).toContain(
    "it is longer than 64 MiB",
  );
});
