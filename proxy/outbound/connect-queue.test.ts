import { expect, test } from "bun:test";
import { ConnectError } from "#lib/net/connect.ts";
import { CONNECTING_LIMIT, ConnectQueue } from "./connect-queue.ts";

function rig(count: number): { readonly queue: ConnectQueue; readonly log: string[] } {
  const queue = new ConnectQueue();
  const log: string[] = [];
  for (let i = 0; i < count; i++)
    queue.add({
      start: () => void log.push(`start ${i}`),
      refused: ({ code }) => void log.push(`refused ${i} ${code}`),
    });
  return { queue, log };
}

test("E10: as many as the limit start at once, and one more waits for its turn", () => {
  expect(rig(CONNECTING_LIMIT).log).toHaveLength(CONNECTING_LIMIT);
  const { queue, log } = rig(CONNECTING_LIMIT + 2);
  expect(log).toHaveLength(CONNECTING_LIMIT);
  queue.ended(undefined);
  expect(log.at(-1)).toBe(`start ${CONNECTING_LIMIT}`);
  queue.ended(undefined);
  queue.ended(undefined);
  expect(log).toHaveLength(CONNECTING_LIMIT + 2);
});

test("where one fails, those that wait go elsewhere, and later ones start again", () => {
  const { queue, log } = rig(CONNECTING_LIMIT + 2);
  queue.ended(new ConnectError("Cannot connect", { code: "refused" }));
  expect(log.slice(CONNECTING_LIMIT)).toEqual([
    `refused ${CONNECTING_LIMIT} refused`,
    `refused ${CONNECTING_LIMIT + 1} refused`,
  ]);
  queue.add({ start: () => void log.push("again"), refused: () => undefined });
  expect(log.at(-1)).toBe("again");
});
