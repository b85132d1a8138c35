import { expect, test } from "bun:test";
import { FakeClock } from "../../test/fake/clock.ts";
import { codeOf, FakeKubeApi } from "../../test/fake/kube-api.ts";
import { RecordedLog } from "../../test/fake/recorded-log.ts";
import type { KubeClient } from "./client.ts";
import {
  BOOK_LIMIT,
  createEventWriter,
  type EventSubject,
  type EventWriter,
  QUEUE_LIMIT,
  SERIES_LIFE_MS,
  SERIES_SPACING_MS,
} from "./events.ts";
import { KubeError } from "./kube-error.ts";
import { EVENTS } from "./resource.ts";
import type { KubeEvent } from "./types/event.ts";

const web = {
  apiVersion: "apps/v1",
  kind: "Deployment",
  name: "web",
  namespace: "shop",
  uid: "u",
} as const satisfies EventSubject;
const injected = { type: "Normal", reason: "Injected", message: "proxy added" } as const;

/** An API that notes what is written; `answer` may throw. */
class Bed {
  readonly clock = new FakeClock();
  readonly calls: string[] = [];
  readonly created: KubeEvent[] = [];
  readonly writer: EventWriter;
  readonly log = new RecordedLog();
  answer: (verb: string) => Promise<void> = () => Promise.resolve();

  constructor() {
    const client = {
      create: async (_: unknown, event: KubeEvent) => {
        await this.answer("create");
        this.calls.push(`create ${event.count}`);
        this.created.push(event);
        return event;
      },
      patch: async (_: unknown, __: unknown, { body }: { body: { count: number } }) => {
        await this.answer("patch");
        this.calls.push(`patch ${body.count}`);
      },
    } as unknown as KubeClient;
    const { clock } = this;
    const log = this.log.logger;
    this.writer = createEventWriter({
      client,
      clock,
      random: () => 0.5,
      log,
      component: "injector",
    });
  }

  /** Lets what waits be written. */
  settle(): Promise<void> {
    return new Promise((resolve) => void setImmediate(resolve));
  }
}

test("an event names its subject, who tells, and when", async () => {
  const bed = new Bed();
  bed.clock.advance(1500);
  bed.writer.write(web, injected);
  await bed.settle();
  expect(bed.created).toEqual([
    {
      metadata: { name: "web.5dc80000000", namespace: "shop" },
      involvedObject: web,
      ...injected,
      source: { component: "injector" },
      reportingComponent: "injector",
      reportingInstance: "",
      firstTimestamp: "1970-01-01T00:00:01Z",
      lastTimestamp: "1970-01-01T00:00:01Z",
      count: 1,
    },
  ]);
});

test("what is told again is counted in the same object, and not at once", async () => {
  const bed = new Bed();
  for (let at = 0; at < 500; at++) bed.writer.write(web, injected);
  await bed.settle();
  expect(bed.calls).toEqual(["create 500"]);
  bed.writer.write(web, injected);
  bed.writer.write(web, injected);
  await bed.settle();
  bed.clock.advance(SERIES_SPACING_MS - 1);
  await bed.settle();
  expect(bed.calls).toHaveLength(1);
  bed.clock.advance(1);
  await bed.settle();
  expect(bed.calls).toEqual(["create 500", "patch 502"]);
  bed.clock.advance(SERIES_LIFE_MS);
  bed.writer.write(web, injected);
  await bed.settle();
  expect(bed.calls.at(-1)).toBe("create 1");
});

test("an event that the API has forgotten is created again", async () => {
  const bed = new Bed();
  bed.writer.write(web, injected);
  await bed.settle();
  bed.answer = (verb) =>
    verb === "patch"
      ? Promise.reject(new KubeError("not-found", { message: "gone" }))
      : Promise.resolve();
  bed.writer.write(web, injected);
  bed.clock.advance(SERIES_SPACING_MS);
  await bed.settle();
  expect(bed.calls).toEqual(["create 1", "create 2"]);
});

test("the subject may be better known later; where it is not, the first one stands", async () => {
  const bed = new Bed();
  bed.writer.write(web, injected, () => Promise.resolve({ ...web, kind: "Rollout" }));
  bed.writer.write({ ...web, name: "other" }, injected, () => Promise.resolve(undefined));
  await bed.settle();
  expect(bed.created.map(({ involvedObject: { kind, name } }) => `${kind}/${name}`)).toEqual([
    "Rollout/web",
    "Deployment/other",
  ]);
});

test("nobody waits for an API that does not answer: beyond the limit events are dropped", async () => {
  const bed = new Bed();
  bed.answer = () => new Promise(() => undefined);
  for (let at = 0; at < QUEUE_LIMIT + 11; at++)
    bed.writer.write({ ...web, name: `w${at}` }, injected);
  expect(bed.writer.dropped).toBe(10);
  bed.writer.stop();
  bed.writer.write(web, injected);
  await bed.settle();
  expect(bed.calls).toEqual([]);
});

test("what the API refuses is dropped, the first time with a warning", async () => {
  const bed = new Bed();
  bed.answer = () => Promise.reject(new KubeError("forbidden", { message: "Cannot create: no" }));
  bed.writer.write(web, injected);
  bed.writer.write({ ...web, name: "b" }, injected);
  await bed.settle();
  expect(bed.writer.dropped).toBe(2);
  expect(bed.log.lines.filter((line) => line.includes("WARN"))).toHaveLength(1);
});

test("no more kinds of event are remembered than the book holds", async () => {
  const bed = new Bed();
  for (let at = 0; at < BOOK_LIMIT + 1; at++) {
    bed.writer.write({ ...web, name: `w${at}` }, injected);
    if (at % 100 === 0) await bed.settle();
  }
  await bed.settle();
  expect(bed.created).toHaveLength(BOOK_LIMIT + 1);
  for (const name of ["w0", `w${BOOK_LIMIT}`]) bed.writer.write({ ...web, name }, injected);
  await bed.settle();
  // The oldest was forgotten: it is a new event; the youngest waits to be counted.
  expect(bed.created.slice(-1).map(({ involvedObject: { name } }) => name)).toEqual(["w0"]);
  expect(bed.created).toHaveLength(BOOK_LIMIT + 2);
});

test("names and messages of any length fit", async () => {
  const bed = new Bed();
  const name = `${"x".repeat(229)}.${"y".repeat(20)}`;
  bed.writer.write({ ...web, name }, { ...injected, message: "m".repeat(5000) });
  await bed.settle();
  expect(bed.created[0]?.metadata.name).toBe(`${"x".repeat(229)}.080000000`);
  expect(bed.created[0]?.message).toHaveLength(1024);
});

test("the API takes them", async () => {
  const kube = await FakeKubeApi.start();
  try {
    const clock = new FakeClock();
    const { logger: log } = new RecordedLog();
    const client = kube.admin;
    const writer = createEventWriter({ client, clock, random: Math.random, log, component: "c" });
    const written = new Promise<void>((resolve) => {
      kube.api.store.subscribe(({ table }) => {
        if (table === "events") resolve();
      });
    });
    writer.write({ ...web, namespace: "mesh" }, injected);
    await written;
    const { items } = await client.list(EVENTS, { namespace: "mesh" });
    expect(items).toMatchObject([{ reason: "Injected", count: 1, involvedObject: { uid: "u" } }]);
    expect(await codeOf(kube.clientOf("guest").list(EVENTS, {}))).toBe("forbidden");
  } finally {
    kube.stop();
  }
});
