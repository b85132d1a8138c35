import { expect, test } from "bun:test";
import { type Accepted, OPENINGS_PER_TURN, OpeningTurns, takeInTurn } from "./opening-turns.ts";

function bed() {
  const due: (() => void)[] = [];
  const turns = new OpeningTurns((next) => void due.push(next));
  const log: string[] = [];
  const add = (name: string): { gone: boolean } => {
    const state = { gone: false };
    turns.add({
      wait: () => void log.push(`${name} waits`),
      open: () => {
        if (!state.gone) log.push(name);
        return !state.gone;
      },
    });
    return state;
  };
  const turn = (): string[] => {
    for (const next of due.splice(0)) next();
    return log.splice(0);
  };
  return { due, turns, add, log, turn };
}

const numbered = (from: number, count: number): string[] =>
  Array.from({ length: count }, (_, i) => String(from + i));

test("those of one turn are opened at once, the others in later turns, in the order in which they came", () => {
  const { due, add, log, turn } = bed();
  const [all, rest] = [2 * OPENINGS_PER_TURN + 1, OPENINGS_PER_TURN + 1];
  for (const name of numbered(0, all)) add(name);
  expect(log.splice(0)).toEqual([
    ...numbered(0, OPENINGS_PER_TURN),
    ...numbered(OPENINGS_PER_TURN, rest).map((name) => `${name} waits`),
  ]);
  expect(turn()).toEqual(numbered(OPENINGS_PER_TURN, OPENINGS_PER_TURN));
  // One that comes now does not overtake.
  add("new");
  expect(log.splice(0)).toEqual(["new waits"]);
  expect(turn()).toEqual([String(all - 1), "new"]);
  turn();
  expect(due).toEqual([]);
});

test("whoever has gone while waiting takes nobody's turn", () => {
  const { add, log, turn } = bed();
  for (const name of numbered(0, OPENINGS_PER_TURN)) add(name);
  const waiting = numbered(0, OPENINGS_PER_TURN + 1).map((name) => add(name));
  for (const first of waiting.slice(0, 1)) first.gone = true;
  log.length = 0;
  expect(turn()).toEqual(numbered(1, OPENINGS_PER_TURN));
});

test("takeInTurn() keeps a connection from being read before its turn; what throws there is reported and ends it", () => {
  const { turns, turn, add, log } = bed();
  for (const name of numbered(0, OPENINGS_PER_TURN)) add(name);
  log.length = 0;
  const take = (name: string, { isClosed }: { readonly isClosed: boolean }): void => {
    const told = (what: string) => (): void => void log.push(`${name} ${what}`);
    const accepted: Accepted = {
      isClosed,
      ...{ holdBack: told("waits"), goOn: told("goes on"), destroy: told("ends") },
    };
    const begin = (): void => {
      log.push(name);
      if (name === "bad") throw new Error("ours");
    };
    const onFault = ({ message }: Error): void => void log.push(message);
    takeInTurn(accepted, { begin, onGone: told("gone"), onFault }, turns);
  };
  take("good", { isClosed: false });
  take("bad", { isClosed: false });
  take("lost", { isClosed: true });
  expect(log.splice(0)).toEqual(["good waits", "bad waits", "lost waits"]);
  expect(turn()).toEqual([
    "good",
    "good goes on",
    "bad",
    "ours",
    "bad ends",
    "bad goes on",
    "lost gone",
  ]);
});
