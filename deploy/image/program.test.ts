import { expect, test } from "bun:test";
import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { buildStarter, compile } from "./program.ts";

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

test("L8: compile() makes the same program again, from another folder too", async () => {
  const hashes: string[] = [];
  for (const _ of [1, 2]) {
    const folder = mkdtempSync(`${tmpdir()}/program-test-`);
    writeFileSync(`${folder}/part.ts`, "export const text: string = String(Math.sqrt(2));\n");
    writeFileSync(
      `${folder}/ours.ts`,
      'const { text } = await import("./part.ts");\nprocess.stdout.write(text);\nexport {};\n',
    );
    await compile(`${folder}/ours.ts`, `${folder}/ours`, { version: "1" });
    const program = readFileSync(`${folder}/ours`);
    hashes.push(createHash("sha256").update(program).digest("hex"));
    rmSync(folder, { recursive: true });
  }
  expect(hashes[1]).toBe(hashes[0] ?? "");
}, 20_000);

test.skipIf(Bun.which("clang") === null && Bun.which("gcc") === null)(
  "buildStarter() makes a program, or says what the compiler said (needs a C compiler)",
  async () => {
    const folder = mkdtempSync(`${tmpdir()}/program-test-`);
    await buildStarter(`${folder}/starter`);
    expect(readFileSync(`${folder}/starter`).subarray(0, 4).toString("latin1")).toBe("\x7fELF");
    expect(await buildStarter(`${folder}/none/starter`).catch(String)).toContain("Cannot build");
    rmSync(folder, { recursive: true });
  },
);
