import { afterAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { readTrustBundle } from "#lib/identity/trust-bundle.ts";
import { FakeAuthority } from "../../test/fake/authority.ts";
import { keepBundle, startBundle } from "./kept-bundle.ts";

const dir = mkdtempSync(`${tmpdir()}/kept-`);
afterAll(() => rmSync(dir, { recursive: true }));
const [given, newer, changed] = [1, 2, 3].map(() =>
  readTrustBundle(new FakeAuthority("same").anchorsPem),
) as [
  ReturnType<typeof readTrustBundle>,
  ReturnType<typeof readTrustBundle>,
  ReturnType<typeof readTrustBundle>,
];

test("startBundle() goes on with what was kept, unless the environment changed since or it is garbage", async () => {
  expect(await startBundle(dir, given)).toBe(given);
  keepBundle(dir, { given, bundle: newer });
  expect(await startBundle(dir, given)).toEqual(newer);
  expect(await startBundle(dir, changed)).toBe(changed);
  writeFileSync(`${dir}/trust-bundle.pem`, `Given at the start: ${given.generation}\n`);
  expect(await startBundle(dir, given)).toBe(given);
  expect(() => keepBundle(`${dir}/none`, { given, bundle: newer })).toThrow("ENOENT");
});
