import { expect, test } from "bun:test";
import { counters, instrument } from "./coverage.ts";
import { Fuzzer } from "./fuzzer.ts";
import { randomFrom } from "./mutate.ts";
import type { Target } from "./target.ts";

/** A gate behind six bytes, each of which shows only once the one before is right. */
const NESTED = `
export function gate(b) {
  if (b[0] === 102) if (b[1] === 117) if (b[2] === 122) if (b[3] === 122) if (b[4] === 101)
    if (b[5] === 100) throw new Error("open");
}`;

/** The function of a source, which exports just that. */
function load(source: string): (bytes: Uint8Array) => unknown {
  const body = source.replace("export function", "return function");
  return new Function(body)() as (bytes: Uint8Array) => unknown;
}

const around = (run: (input: Uint8Array) => void): Target => ({
  name: "gate",
  seeds: [new Uint8Array(6)],
  tokens: [],
  maxBytes: 12,
  run,
});

test("what reaches more leads through a gate that blind changes do not pass", () => {
  const gate = load(instrument("gate.ts", NESTED));
  const fuzzer = new Fuzzer(around(gate), { counters, random: randomFrom(7), corpus: [] });
  expect(fuzzer.begin()).toBeUndefined();
  const finding = fuzzer.run(2_000_000, () => undefined);
  expect(Buffer.from(finding?.input.subarray(0, 6) ?? []).toString()).toBe("fuzzed");
  const blind = load(NESTED);
  const without = new Fuzzer(around(blind), { counters, random: randomFrom(7), corpus: [] });
  expect(without.run(fuzzer.executions, () => undefined)).toBeUndefined();
});

test("instrumented source does what the source did", () => {
  const source = `
export function gate(b) {
  const f = (x) => x > 1 ? x : { a: 1 }.a;
  const g = () => ({ z: 2 });
  let s = 0;
  for (const x of b) if (x % 2) s += f(x); else { s -= 1 }
  for (let i = 0; i < 3; i++) s++;
  while (s > 1000) s -= 7;
  switch (b.length) { case 0: s = 1; break; case 1: case 2: s += b[0] || 9; break; default: s += (b[1] && g().z) ?? 4 }
  return s;
}`;
  const [plain, counted] = [load(source), load(instrument("x.ts", source))];
  for (const input of [[], [1], [0, 2], [4, 0, 3], [250, 251, 253, 255, 255, 7]])
    expect(counted(Uint8Array.from(input))).toBe(plain(Uint8Array.from(input)));
});

test("a run can be repeated with its seed", () => {
  const inputs = (seed: number): string[] => {
    const seen: string[] = [];
    const target = around((input) => void seen.push(Buffer.from(input).toString("hex")));
    new Fuzzer(target, { counters, random: randomFrom(seed), corpus: [] }).run(50, () => undefined);
    return seen;
  };
  expect(inputs(5)).toEqual(inputs(5));
  expect(inputs(5)).not.toEqual(inputs(6));
});
