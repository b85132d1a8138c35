import { afterAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync, unlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { AwaitedClock } from "../../test/fake/awaited-clock.ts";
import { REREAD_MS, watchFiles } from "./mounted-files.ts";

const dir = mkdtempSync(`${tmpdir()}/files-`);
afterAll(() => rmSync(dir, { recursive: true }));

test("watchFiles() takes what changed, keeps the last good state, and goes on", async () => {
  const path = `${dir}/a`;
  writeFileSync(path, "1");
  const clock = new AwaitedClock(REREAD_MS);
  const taken: string[] = [];
  const faults: string[] = [];
  const files = await watchFiles({
    paths: { a: path },
    clock,
    take: ({ a }) => {
      if (a === "bad") throw new Error("Cannot use a: bad");
      taken.push(a);
    },
    onFault: ({ message }) => void faults.push(message),
  });
  await clock.look();
  expect(taken).toEqual(["1"]);
  writeFileSync(path, "bad");
  await clock.look();
  writeFileSync(path, "2");
  await clock.look();
  unlinkSync(path);
  await clock.look();
  expect(taken).toEqual(["1", "2"]);
  expect(faults).toEqual(["Cannot use a: bad", expect.stringContaining("ENOENT")]);
  files.stop();
  expect(clock.nextMs).toBeUndefined();
});

test("watchFiles() rejects where the files are not there at first", async () => {
  const started = watchFiles({
    paths: { a: `${dir}/none` },
    clock: new AwaitedClock(REREAD_MS),
    take: () => undefined,
    onFault: () => undefined,
  });
  expect(await started.catch(({ code }) => code)).toBe("ENOENT");
});
