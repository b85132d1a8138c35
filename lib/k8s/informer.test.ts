import { expect, test } from "bun:test";
import type { Logger } from "#lib/log/logger.ts";
import { FakeClock } from "../../test/fake/clock.ts";
import { RecordedLog } from "../../test/fake/recorded-log.ts";
import type { KubeClient } from "./client.ts";
import { type Informer, type InformerOptions, startInformer } from "./informer.ts";
import { KubeError } from "./kube-error.ts";
import type { Change } from "./object-store.ts";
import { PODS } from "./resource.ts";
import type { Pod } from "./types/core.ts";
import type { WatchEvent } from "./watch.ts";

const quiet: Logger = {
  target: () => quiet,
  error: () => undefined,
  warn: () => undefined,
  info: () => undefined,
  debug: () => undefined,
  enabled: () => false,
};

const pod = (name: string, version: string): Pod => ({
  metadata: { name, namespace: "a", resourceVersion: version },
});

/** An API whose lists and watches are written down round by round. */
class Script {
  lists: (Pod[] | Error)[] = [];
  watches: (WatchEvent[] | Error)[] = [];
  readonly versions: string[] = [];
  /** Told when no further watch is written down. */
  readonly idle: Promise<void>;
  #idle: () => void;
  #listed = 0;

  constructor() {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.idle = promise;
    this.#idle = resolve;
  }

  get client(): KubeClient {
    const script = this;
    const api: Pick<KubeClient, "list" | "watch"> = {
      list: async () => {
        const next = script.lists.shift() ?? [];
        if (next instanceof Error) throw next;
        script.#listed += 100;
        return { metadata: { resourceVersion: `${script.#listed}` }, items: next as never[] };
      },
      watch: async function* (_, { resourceVersion, signal }) {
        script.versions.push(resourceVersion);
        const events = script.watches.shift();
        if (events instanceof Error) throw events;
        if (events !== undefined) {
          yield* events;
          return;
        }
        script.#idle();
        await new Promise((resolve) => signal.addEventListener("abort", resolve));
      },
    };
    return api as KubeClient;
  }
}

async function run(
  script: Script,
  {
    onChange,
    ...options
  }: Partial<Pick<InformerOptions<Pod>, "accepts" | "keep" | "absent" | "logger">> & {
    readonly onChange?: (change: Change<Pod>) => void;
  } = {},
): Promise<{ informer: Informer<Pod>; changes: string[] }> {
  const clock = new FakeClock();
  const informer = startInformer({
    ...{ client: script.client, resource: PODS, clock, logger: quiet, random: () => 0 },
    ...options,
  });
  if (onChange !== undefined) informer.subscribe(onChange);
  const changes: string[] = [];
  informer.subscribe(({ type, object }: Change<Pod>) => {
    changes.push(`${type} ${object.metadata?.name}`);
  });
  let done = false;
  void script.idle.then(() => {
    done = true;
  });
  for (let turns = 0; turns < 1_000 && !done; turns += 1) {
    clock.advance(100);
    await Promise.resolve();
  }
  await script.idle;
  informer.stop();
  return { informer, changes };
}

test("an informer lists, then follows the watch from there", async () => {
  const script = new Script();
  script.lists = [[pod("x", "1")]];
  script.watches = [
    [
      { type: "ADDED", object: pod("y", "101") },
      { type: "MODIFIED", object: pod("x", "102") },
      { type: "DELETED", object: pod("y", "103") },
    ],
  ];
  const { informer, changes } = await run(script);
  expect(changes).toEqual(["added x", "added y", "modified x", "deleted y"]);
  expect(script.versions).toEqual(["100", "103"]);
  expect(informer.get({ name: "x", namespace: "a" })?.metadata?.resourceVersion).toBe("102");
  expect(informer.list()).toHaveLength(1);
});

test("an object that cannot be read is gone all the same when it is deleted", async () => {
  const script = new Script();
  script.lists = [[pod("x", "1")]];
  const unreadable = (version: string): Pod => ({ ...pod("x", version), spec: {} as never });
  script.watches = [
    [
      { type: "MODIFIED", object: unreadable("101") },
      { type: "DELETED", object: unreadable("102") },
    ],
  ];
  const accepts = ({ spec }: Pod): boolean => spec === undefined;
  const { informer, changes } = await run(script, { accepts: accepts as never });
  expect(changes).toEqual(["added x", "deleted x"]);
  expect(informer.list()).toEqual([]);
});

test("a listener that throws holds up neither the watch nor the other listeners", async () => {
  const script = new Script();
  script.lists = [[pod("x", "1"), pod("y", "2")]];
  script.watches = [
    [
      { type: "ADDED", object: pod("z", "101") },
      { type: "MODIFIED", object: pod("x", "102") },
    ],
  ];
  const log = new RecordedLog();
  const onChange = ({ object }: Change<Pod>): void => {
    if (object.metadata?.name === "z") throw new RangeError("too large");
  };
  const { changes } = await run(script, { logger: log.logger, onChange });
  expect(changes).toEqual(["added x", "added y", "added z", "modified x"]);
  expect(script.versions).toEqual(["100", "102"]);
  expect(log.lines).toHaveLength(1);
  expect(log.lines[0]).toContain("change not taken resource=pods error=RangeError: too large");
});

test("a version that is gone lists anew, and only differences are told", async () => {
  const script = new Script();
  script.lists = [
    [pod("x", "1"), pod("y", "2")],
    [pod("x", "1"), pod("z", "3")],
  ];
  script.watches = [[{ type: "BOOKMARK", resourceVersion: "150" }], [{ type: "EXPIRED" }]];
  const { changes } = await run(script);
  expect(changes).toEqual(["added x", "added y", "deleted y", "added z"]);
  expect(script.versions).toEqual(["100", "150", "200"]);
});

test("an API that is away is asked again, and what is known stays", async () => {
  const script = new Script();
  script.lists = [new Error("away"), [pod("x", "1")]];
  const { informer, changes } = await run(script);
  expect(changes).toEqual(["added x"]);
  expect(informer.list()).toHaveLength(1);
  await informer.synced;
});

test("a kind that is not served has no objects where that may be, and is asked for again", async () => {
  const script = new Script();
  const absent = new KubeError("not-found", { status: 404, message: "no such kind" });
  script.lists = [absent, [pod("x", "1")]];
  const { informer, changes } = await run(script, { absent: "empty" });
  expect(changes).toEqual(["added x"]);
  expect(informer.degraded).toBe(false);
});

test("G17: objects of a kind that is suddenly not served stay, though it may be absent", async () => {
  const script = new Script();
  const absent = new KubeError("not-found", { status: 404, message: "no such kind" });
  script.lists = [[pod("x", "1")], absent, [pod("x", "1")]];
  script.watches = [[{ type: "EXPIRED" }]];
  const { changes } = await run(script, { absent: "empty" });
  expect(changes).toEqual(["added x"]);
});

test("the store keeps of each object, listed or watched, what it is told to", async () => {
  const script = new Script();
  const full = (name: string, version: string): Pod => ({
    ...pod(name, version),
    spec: { containers: [] },
  });
  script.lists = [[full("x", "1"), full("y", "2")]];
  script.watches = [
    [
      { type: "MODIFIED", object: full("y", "101") },
      { type: "ADDED", object: full("z", "102") },
    ],
  ];
  const keep = ({ metadata = {} }: Pod): Pod => ({ metadata });
  const { informer, changes } = await run(script, { keep });
  expect(changes).toEqual(["added x", "added y", "modified y", "added z"]);
  expect(informer.list()).toEqual([pod("x", "1"), pod("y", "101"), pod("z", "102")]);
});

test("an informer whose watch is not found any more lists anew: another version may be served", async () => {
  const script = new Script();
  script.lists = [[pod("x", "1")], [pod("y", "2")]];
  script.watches = [new KubeError("not-found", { status: 404, message: "not served" })];
  const { changes } = await run(script);
  expect([changes, script.versions]).toEqual([
    ["added x", "deleted x", "added y"],
    ["100", "200"],
  ]);
});

test("an informer of a kind that has gone is well again: there is nothing to be seen", async () => {
  const gone = new KubeError("not-found", { status: 404, message: "not served" });
  const script = new Script();
  script.lists = [[], gone, []];
  script.watches = [gone];
  const { informer } = await run(script, { absent: "empty" });
  expect(informer.degraded).toBe(false);
});
