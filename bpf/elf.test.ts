import { expect, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { readElf } from "./elf.ts";

const read = (path: string) => readElf(readFileSync(path));
const here = new URL(".", import.meta.url).pathname;

test("readElf() finds the programs, and ships no socket option hooks", () => {
  const { programs } = read(`${here}objects/mesh.bpf.o`);
  expect(programs.map(({ name }) => name).toSorted()).toEqual(
    "bind4 bind6 gpn4 gpn6 gsn4 gsn6 kubelet ops out4 out6 pb4 pb6".split(" "),
  );
  expect(read(`${here}objects/inbound.bpf.o`).rodata).toHaveLength(8);
});

test("readElf() refuses what is no BPF object", () => {
  expect(() => readElf(new Uint8Array(64))).toThrow("it is no ELF file for BPF");
});

test.skipIf(Bun.which("clang") === null)("objects match their source (needs clang)", () => {
  const out = mkdtempSync("/tmp/bpf-build-");
  expect(Bun.spawnSync([`${here}build.sh`, out]).exitCode).toBe(0);
  for (const name of ["mesh", "inbound"])
    expect(read(`${out}/${name}.bpf.o`)).toEqual(read(`${here}objects/${name}.bpf.o`));
  rmSync(out, { recursive: true });
});
