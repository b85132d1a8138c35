import { expect, test } from "bun:test";
import { GrpcError } from "#lib/grpc/status.ts";
import { FakeCall } from "../../test/fake/server-call.ts";
import { CLUSTER_OPTIONS, fakeInformers } from "../../test/fake/web-cluster.ts";
import { Cluster } from "../index/cluster.ts";
import { SharedAnswers } from "./shared-answers.ts";

function setUp() {
  const from = fakeInformers();
  const answers = new SharedAnswers(new Cluster(from, CLUSTER_OPTIONS));
  let encoded = 0;
  let answer: () => string = () => "one";
  const encode = (): Uint8Array => {
    encoded++;
    return Buffer.from(answer());
  };
  const watch = (id = "web"): FakeCall => {
    const call = new FakeCall(new Uint8Array(0));
    answers.watch(call, { id, key: "service/shop/web", encode });
    return call;
  };
  /** Changes what the answer is made of. */
  const change = (next: () => string): void => {
    answer = next;
    const service = from.services.list()[0];
    if (service !== undefined) from.services.put({ ...service });
  };
  return { watch, change, encoded: () => encoded };
}

const texts = (call: FakeCall): string[] => call.sent.splice(0).map((each) => String(each));

test("an answer is encoded once for all its watchers, and sent again only when it differs", () => {
  const { watch, change, encoded } = setUp();
  const [first, second] = [watch(), watch()];
  expect([texts(first), texts(second), encoded()]).toEqual([["one"], ["one"], 1]);
  change(() => "two");
  expect([texts(first), texts(second), encoded()]).toEqual([["two"], ["two"], 2]);
  change(() => "two");
  expect([texts(first), texts(second)]).toEqual([[], []]);
});

test("an answer that can no longer be given ends its watchers, and can be asked for anew", () => {
  const { watch, change } = setUp();
  const first = watch();
  change(() => {
    throw new GrpcError(5, "gone");
  });
  expect(first.ended).toBe("5 gone");
  change(() => "back");
  expect(texts(watch())).toEqual(["back"]);
});

test("an error of ours ends the answer's watchers, and is not thrown to who told of the change", () => {
  const { watch, change } = setUp();
  const [one, other] = [watch(), watch("other")];
  change(() => {
    throw new RangeError("ours");
  });
  expect([one.ended, other.ended]).toEqual(["13 RangeError: ours", "13 RangeError: ours"]);
  change(() => "back");
  expect(texts(watch())).toEqual(["back"]);
});

test("an answer is forgotten with its last watcher", () => {
  const { watch, change, encoded } = setUp();
  const [first, second] = [watch(), watch()];
  first.onCancel();
  second.onCancel();
  change(() => "two");
  expect(encoded()).toBe(1);
});

test("DST2: who does not read holds up nobody, and is sent the newest answer alone when it reads again", () => {
  const { watch, change, encoded } = setUp();
  const [slow, quick] = [watch(), watch()];
  for (const call of [slow, quick]) texts(call);
  slow.blocked = true;
  for (let number = 0; number < 1_000; number++) change(() => `answer ${number}`);
  expect([texts(slow).length, texts(quick).length, encoded()]).toEqual([0, 1_000, 1_001]);
  slow.blocked = false;
  slow.onWritable();
  expect(texts(slow)).toEqual(["answer 999"]);
  slow.onWritable();
  slow.blocked = true;
  change(() => "and back");
  change(() => "answer 999");
  slow.blocked = false;
  slow.onWritable();
  expect(texts(slow)).toEqual([]);
  slow.onCancel();
  slow.onWritable();
  change(() => "last");
  expect([texts(slow), texts(watch())]).toEqual([[], ["last"]]);
});

test("CPM1: followers are told of once as they come and go, also where an answer can no longer be given", () => {
  const from = fakeInformers();
  const told: string[] = [];
  const note = (what: string) => (key: string) => void told.push(`${what} ${key}`);
  const followers = { joined: note("+"), left: note("-"), changed: note("!") };
  const answers = new SharedAnswers(new Cluster(from, CLUSTER_OPTIONS), followers);
  let answer: () => string = () => "one";
  const watch = (): FakeCall => {
    const call = new FakeCall(new Uint8Array(0));
    const encode = (): Uint8Array => Buffer.from(answer());
    answers.watch(call, { id: "web", key: "service/shop/web", encode });
    return call;
  };
  const change = (next: () => string): string[] => {
    answer = next;
    const service = from.services.list()[0];
    if (service !== undefined) from.services.put({ ...service });
    return told.splice(0);
  };
  const [one, two] = [watch(), watch()];
  one.onCancel();
  one.onCancel();
  expect(told.splice(0).map(([what]) => what)).toEqual(["+", "+", "-"]);
  expect(change(() => "two")).toEqual(["! service/shop/web"]);
  expect(change(() => "two")).toEqual([]);
  const gone = (): never => {
    throw new GrpcError(5, "gone");
  };
  expect(change(gone)).toEqual(["- service/shop/web"]);
  two.onCancel();
  expect(told).toEqual([]);
});
