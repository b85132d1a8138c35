import { expect, test } from "bun:test";
import { NextTurn } from "./next-turn.ts";

test("work is done once a turn, and again when it asks for that itself", () => {
  const due: (() => void)[] = [];
  let done = 0;
  const turn = new NextTurn(
    (next) => void due.push(next),
    () => {
      done++;
      if (done === 1) turn.ask();
    },
  );
  turn.ask();
  turn.ask();
  expect([due.length, done]).toEqual([1, 0]);
  for (const next of due.splice(0)) next();
  expect([due.length, done]).toEqual([1, 1]);
  for (const next of due.splice(0)) next();
  expect([due.length, done]).toEqual([0, 2]);
});
