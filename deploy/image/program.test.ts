import { expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { compile } from "./program.ts";

test("compile() makes a program, of another version where one is given, and says what is wrong", async () => {
  const folder = mkdtempSync(`${tmpdir()}/program-test-`);
  writeFileSync(
    `${folder}/ours.ts`,
    "declare const BUNKERD_VERSION: string;\nprocess.stdout.write(BUNKERD_VERSION);\nexport {};\n",
  );
  writeFileSync(`${folder}/bad.ts`, "const = 1;\n");
  await compile(`${folder}/ours.ts`, `${folder}/ours`, { version: "9.8.7" });
  const { stdout } = Bun.spawnSync([`${folder}/ours`]);
  expect(stdout.toString()).toBe("9.8.7");
  const failure = await compile(`${folder}/bad.ts`, `${folder}/bad`).catch(String);
  expect(failure).toContain("Cannot compile");
  rmSync(folder, { recursive: true });
}, 20_000);
