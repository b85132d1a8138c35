import { describe, expect, test } from "bun:test";
import { Fuzzer } from "./fuzzer.ts";
import { randomFrom } from "./mutate.ts";
import { readCorpus, readFindings } from "./store.ts";
import { TARGETS } from "./targets/all.ts";

/** Without coverage these say little of the parsers, but they keep the targets honest. */
const BLIND_RUNS = 1000;

describe.each(TARGETS.map((target) => [target.name, target] as const))("%s", (name, target) => {
  test("holds for its seeds, its corpus and what was found before", () => {
    const inputs = [...target.seeds, ...readCorpus(name)];
    for (const input of inputs) target.run(input);
    for (const { input } of readFindings(name)) target.run(input);
    expect(inputs.length).toBeGreaterThan(0);
  });

  test("holds for seeds cut at every byte", () => {
    for (const seed of target.seeds)
      for (let end = 0; end < seed.length; end++) target.run(seed.subarray(0, end));
  });

  test("holds for mutants", () => {
    const counters = new Uint8Array(64);
    const fuzzer = new Fuzzer(target, {
      counters,
      random: randomFrom(1),
      corpus: readCorpus(name),
    });
    expect(fuzzer.begin()).toBeUndefined();
    expect(fuzzer.run(BLIND_RUNS, () => undefined)).toBeUndefined();
  });
});
