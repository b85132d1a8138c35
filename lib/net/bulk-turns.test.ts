import { expect, test } from "bun:test";
import { BULK_TURN_BYTES, type BulkReader, BulkTurns } from "./bulk-turns.ts";

function bed() {
  const due: (() => void)[] = [];
  const turns = new BulkTurns((next) => void due.push(next));
  const log: string[] = [];
  const reader = (name: string): BulkReader => ({
    holdBack: () => void log.push(`${name} waits`),
    goOn: () => void log.push(`${name} goes on`),
  });
  const turn = (): string[] => {
    for (const next of due.splice(0)) next();
    return log.splice(0);
  };
  return { due, turns, log, reader, turn };
}

test("a connection alone is held back at the end of each turn, and goes on in the next", () => {
  const { turns, log, reader, turn } = bed();
  const a = reader("a");
  turns.took(a, BULK_TURN_BYTES / 2);
  expect(log).toEqual([]);
  turns.took(a, BULK_TURN_BYTES / 2);
  expect(turn()).toEqual(["a waits", "a goes on"]);
  turns.took(a, BULK_TURN_BYTES - 1);
  expect(turn()).toEqual([]);
});

test("many go on in the order in which they came, one a turn", () => {
  const { due, turns, log, reader, turn } = bed();
  for (const name of ["a", "b", "c"]) turns.took(reader(name), BULK_TURN_BYTES / 2);
  expect(log.splice(0)).toEqual(["b waits", "c waits"]);
  expect(turn()).toEqual(["b goes on"]);
  expect(turn()).toEqual(["c goes on"]);
  expect(due).toEqual([]);
});

test("of those that may read again one has this turn, and later ones those that follow", () => {
  const { due, turns, log, reader, turn } = bed();
  for (const name of ["a", "b", "c"]) turns.resumes(reader(name));
  expect(log.splice(0)).toEqual(["b waits", "c waits"]);
  expect(turn()).toEqual(["b goes on"]);
  turns.resumes(reader("d"));
  expect(log.splice(0)).toEqual(["d waits"]);
  expect([turn(), turn()]).toEqual([["c goes on"], ["d goes on"]]);
  expect(due).toEqual([]);
});
