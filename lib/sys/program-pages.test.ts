import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { cleanMappings, releaseProgramPages } from "./program-pages.ts";

const mapping = (range: string, permissions: string, name: string, anonymous: number): string =>
  `${range} ${permissions} 00000000 fe:00 42   ${name}\nRss:  8 kB\nAnonymous:  ${anonymous} kB\nVmFlags: rd\n`;

test("cleanMappings() finds what the program's file has and nobody has changed", () => {
  const smaps = [
    mapping("00200000-00300000", "r--p", "/bin/program", 0),
    mapping("00300000-00400000", "r-xp", "/bin/program", 0),
    mapping("00400000-00500000", "r--p", "/bin/program", 4),
    mapping("00500000-00600000", "rw-p", "/bin/program", 0),
    mapping("7f0000000000-7f0000001000", "r-xp", "/lib/libc.so.6", 0),
    "7f1000000000-7f1000001000 rw-p 00000000 00:00 0 \nAnonymous:  0 kB\n",
    mapping("7f2000000000-7f2000001000", "r-xp", "/bin/program (deleted)", 0),
  ].join("");
  expect(cleanMappings(smaps, "/bin/program")).toEqual([
    { from: 0x20_0000, to: 0x30_0000 },
    { from: 0x30_0000, to: 0x40_0000 },
  ]);
});

test("releaseProgramPages() gives back what was resident, and the program goes on", () => {
  const resident = (): number =>
    Number(/^RssFile:\s+(\d+)/m.exec(readFileSync("/proc/self/status", "utf8"))?.[1]);
  const before = resident();
  expect(releaseProgramPages()).toBeGreaterThan(1024 * 1024);
  expect(resident()).toBeLessThan(before);
  expect([3, 1, 2].toSorted()).toEqual([1, 2, 3]);
});
