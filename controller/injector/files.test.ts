import { afterAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync, unlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { FakeClock } from "../../test/fake/clock.ts";
import { REREAD_MS, watchFiles } from "./files.ts";

const dir = mkdtempSync(`${tmpdir()}/files-`);
afterAll(() => rmSync(dir, { recursive: true }));

/** Lets the clock run until the next look has ended; bounded. */
async function nextLook(clock: FakeClock): Promise<void> {
  clock.advance(REREAD_MS);
  for (let turn = 0; turn < 1000 && clock.nextMs === undefined; turn++)
    await new Promise((resolve) => setImmediate(resolve));
}

test("watchFiles() takes what changed, keeps the last good state, and goes on", async () => {
  const path = `${dir}/a`;
  writeFileSync(path, "1");
  const clock = new FakeClock();
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
  await nextLook(clock);
  expect(taken).toEqual(["1"]);
  writeFileSync(path, "bad");
  await nextLook(clock);
  writeFileSync(path, "2");
  await nextLook(clock);
  unlinkSync(path);
  await nextLook(clock);
  expect(taken).toEqual(["1", "2"]);
  expect(faults).toEqual(["Cannot use a: bad", expect.stringContaining("ENOENT")]);
  files.stop();
  expect(clock.nextMs).toBeUndefined();
});

test("watchFiles() rejects where the files are not there at first", async () => {
  const started = watchFiles({
    paths: { a: `${dir}/none` },
    clock: new FakeClock(),
    take: () => undefined,
    onFault: () => undefined,
  });
  expect(await started.catch(({ code }) => code)).toBe("ENOENT");
});
