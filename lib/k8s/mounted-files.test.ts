import { afterAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync, unlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { AwaitedClock } from "../../test/fake/awaited-clock.ts";
import { awaitFiles, REREAD_MS, watchFiles } from "./mounted-files.ts";

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

test("awaitFiles() takes files that come later, and goes on with them", async () => {
  const path = `${dir}/late`;
  const clock = new AwaitedClock(REREAD_MS);
  const seen: string[] = [];
  const files = awaitFiles({
    paths: { a: path },
    clock,
    take: ({ a }) => void seen.push(a),
    onFault: ({ message }) => void seen.push(message.slice(0, 6)),
  });
  await files.tried;
  for (const text of ["1", "1", "2"]) {
    writeFileSync(path, text);
    await clock.look();
  }
  expect(seen).toEqual(["ENOENT", "1", "2"]);
  files.stop();
  expect(clock.nextMs).toBeUndefined();
});

test("awaitFiles() that is stopped during its first look says nothing more", async () => {
  const seen: string[] = [];
  const note = (): void => void seen.push("said");
  const clock = new AwaitedClock(REREAD_MS);
  const files = awaitFiles({ paths: { a: `${dir}/none` }, clock, take: note, onFault: note });
  files.stop();
  await files.tried;
  expect([seen, clock.nextMs]).toEqual([[], undefined]);
});
