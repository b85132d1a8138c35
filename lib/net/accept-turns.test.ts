import { expect, test } from "bun:test";
import { ACCEPTS_PER_TURN, AcceptTurns } from "./accept-turns.ts";

function bed() {
  const due: (() => void)[] = [];
  const turns = new AcceptTurns((next) => void due.push(next));
  const log: string[] = [];
  const come = (name: string): { isClosed: boolean } => {
    const arrival = {
      isClosed: false,
      holdBack: () => void log.push(`${name} waits`),
      goOn: () => void log.push(`${name} goes on`),
    };
    turns.came(arrival, () => void log.push(name));
    return arrival;
  };
  const turn = (): string[] => {
    for (const next of due.splice(0)) next();
    return log.splice(0);
  };
  return { due, come, log, turn };
}

const numbered = (from: number, count: number): string[] =>
  Array.from({ length: count }, (_, i) => String(from + i));

test("those of one turn are taken in at once, the others in later turns, in the order in which they came", () => {
  const { due, come, log, turn } = bed();
  const [all, rest] = [2 * ACCEPTS_PER_TURN + 1, ACCEPTS_PER_TURN + 1];
  for (const name of numbered(0, all)) come(name);
  expect(log.splice(0)).toEqual([
    ...numbered(0, ACCEPTS_PER_TURN),
    ...numbered(ACCEPTS_PER_TURN, rest).map((name) => `${name} waits`),
  ]);
  const taken = (name: string): string[] => [name, `${name} goes on`];
  expect(turn()).toEqual(numbered(ACCEPTS_PER_TURN, ACCEPTS_PER_TURN).flatMap(taken));
  // One that comes now does not overtake.
  come("new");
  expect(log.splice(0)).toEqual(["new waits"]);
  expect(turn()).toEqual([String(all - 1), "new"].flatMap(taken));
  turn();
  expect(due).toEqual([]);
});

test("whoever has gone while waiting takes nobody's turn", () => {
  const { come, log, turn } = bed();
  for (const name of numbered(0, ACCEPTS_PER_TURN)) come(name);
  const arrivals = ["a", "b"].map(come);
  log.length = 0;
  for (const arrival of arrivals.slice(0, 1)) arrival.isClosed = true;
  expect(turn()).toEqual(["b", "b goes on"]);
});
