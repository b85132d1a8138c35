import { expect, test } from "bun:test";
import { type Listening, listen, type Watched, wake } from "./watched.ts";

function setup() {
  const stopped: string[] = [];
  const watched: Watched<Listening> = { clients: new Map(), stop: () => stopped.push("stopped") };
  const all = new Map([["web", watched]]);
  const join = (client: string, listener: () => void): (() => void) => {
    const asked = watched.clients.get(client) ?? { listeners: new Set() };
    watched.clients.set(client, asked);
    return listen(all, { id: "web", watched, client, asked }, listener);
  };
  return { all, watched, stopped, join };
}

test("a destination is let go of with the last listener of the last client, and once", () => {
  const { all, watched, stopped, join } = setup();
  const leave = [
    join("a", () => undefined),
    join("a", () => undefined),
    join("b", () => undefined),
  ];
  leave[0]?.();
  leave[0]?.();
  expect([...watched.clients.keys()]).toEqual(["a", "b"]);
  leave[1]?.();
  expect([[...watched.clients.keys()], all.size, stopped]).toEqual([["b"], 1, []]);
  leave[2]?.();
  leave[2]?.();
  expect([all.size, stopped]).toEqual([0, ["stopped"]]);
});

test("who leaves what was replaced meanwhile leaves the new one alone", () => {
  const { all, watched, stopped, join } = setup();
  const leave = join("a", () => undefined);
  const other: Watched<Listening> = { clients: new Map(), stop: () => stopped.push("other") };
  all.set("web", other);
  leave();
  expect([all.get("web"), watched.clients.size, stopped]).toEqual([other, 0, ["stopped"]]);
});

test("wake() is for what differs, also where a listener leaves at once", () => {
  const { watched, join } = setup();
  let woken = 0;
  const leave = join("a", () => {
    woken += 1;
    leave();
  });
  join("a", () => {
    woken += 1;
  });
  const asked = watched.clients.get("a") as Listening;
  wake(asked, { a: [1] }, { a: [1] });
  expect(woken).toBe(0);
  wake(asked, { a: [1] }, { a: [2] });
  expect(woken).toBe(2);
  wake(asked, undefined, 1);
  expect(woken).toBe(3);
});
