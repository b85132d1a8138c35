import { expect, test } from "bun:test";
import type { KubeClient } from "#lib/k8s/client.ts";
import { KubeError } from "#lib/k8s/kube-error.ts";
import { FakeClock } from "../../test/fake/clock.ts";
import { RecordedLog } from "../../test/fake/recorded-log.ts";
import { StatusWriter } from "./status-writer.ts";

/** An API whose answers the test gives. */
function bed() {
  const clock = new FakeClock();
  const { logger } = new RecordedLog();
  const writes: { readonly phase: unknown; answer(error?: Error): Promise<void> }[] = [];
  const client = {
    patch: (_: unknown, __: unknown, { body }: { body: { status: { phase: unknown } } }) => {
      const { promise, resolve, reject } = Promise.withResolvers<unknown>();
      const answer = async (error?: Error): Promise<void> => {
        if (error === undefined) resolve({});
        else reject(error);
        for (let turn = 0; turn < 10; turn += 1) await Promise.resolve();
      };
      writes.push({ phase: body.status.phase, answer });
      return promise;
    },
  } as unknown as KubeClient;
  const pod = { metadata: { name: "p", namespace: "a" } };
  const writer = new StatusWriter({ client, clock, logger }, pod);
  const phases = (): unknown[] => writes.map(({ phase }) => phase);
  return { clock, writes, writer, phases, pod };
}

test("what is written during a write replaces what waits", async () => {
  const { writer, writes, phases } = bed();
  for (const phase of ["1", "2", "3"]) writer.write({ phase });
  expect(phases()).toEqual(["1"]);
  await writes[0]?.answer();
  expect(phases()).toEqual(["1", "3"]);
  await writes[1]?.answer();
  writer.write({ phase: "4" });
  expect(phases()).toEqual(["1", "3", "4"]);
});

test("a write that fails is tried again, the newest in its place; a pod that is gone is not", async () => {
  const { writer, writes, phases, clock, pod } = bed();
  writer.update(pod);
  writer.write({ phase: "1" });
  await writes[0]?.answer(new Error("no"));
  writer.write({ phase: "2" });
  expect(phases()).toEqual(["1"]);
  clock.advance(500);
  for (let turn = 0; turn < 10; turn += 1) await Promise.resolve();
  expect(phases()).toEqual(["1", "2"]);
  await writes[1]?.answer(new KubeError("not-found", { message: "gone" }));
  expect(clock.nextMs).toBeUndefined();
});

test("close() waits for the write under way and writes nothing more", async () => {
  const { writer, writes, phases, clock } = bed();
  writer.write({ phase: "1" });
  writer.write({ phase: "2" });
  const closed = writer.close();
  await writes[0]?.answer(new Error("no"));
  await closed;
  writer.write({ phase: "3" });
  expect(phases()).toEqual(["1"]);
  expect(clock.nextMs).toBeUndefined();
});

test("close() does not wait for the next try", async () => {
  const { writer, writes, phases } = bed();
  writer.write({ phase: "1" });
  await writes[0]?.answer(new Error("no"));
  await writer.close();
  expect(phases()).toEqual(["1"]);
});
