import { expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { GoError, runGo } from "./go.ts";

/** A registry that takes no connection, and nothing kept from before. */
async function failure(words: readonly string[], proxy: string): Promise<unknown> {
  const folder = mkdtempSync(`${tmpdir()}/go-test-`);
  const none = {
    ...Bun.env,
    GOMODCACHE: folder,
    GOPROXY: proxy,
    GOSUMDB: "off",
    GOFLAGS: "-modcacherw",
  };
  const error = await runGo(words, none).catch((reason: unknown) => reason);
  rmSync(folder, { recursive: true });
  return error instanceof GoError ? [error.code, error.message] : error;
}

test.skipIf(Bun.which("go") === null)(
  "runGo() tells a registry that is away from what Go cannot do (needs Go)",
  async () => {
    const module = "example.com/module@v1.0.0";
    for (const proxy of ["http://127.0.0.1:1", "off"])
      for (const words of [
        ["mod", "download", "-json", module],
        ["install", module],
      ])
        expect(await failure(words, proxy)).toEqual([
          "unreachable",
          expect.stringContaining(module),
        ]);
    expect(await failure(["install", "nonsense@"], "off")).toEqual([
      "failed",
      expect.stringContaining("nonsense"),
    ]);
    expect(await runGo(["version"])).toStartWith("go version");
  },
);
