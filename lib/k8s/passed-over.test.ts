import { expect, test } from "bun:test";
import { RecordedLog } from "../../test/fake/recorded-log.ts";
import { PassedOver } from "./passed-over.ts";
import { PODS } from "./resource.ts";
import type { Pod } from "./types/core.ts";

const pod = (name: string, version: string): Pod => ({
  metadata: { name, namespace: "a", resourceVersion: version },
});

test("PassedOver tells once of each version of an object that cannot be read", () => {
  const log = new RecordedLog();
  const accepts = ({ metadata }: Pod): boolean => metadata?.name !== "bad";
  const over = new PassedOver<Pod>({ logger: log.logger, resource: PODS, accepts });
  const read = (name: string, version: string): boolean => over.isReadable(pod(name, version));
  over.begin();
  expect([read("good", "1"), read("bad", "1"), read("bad", "1")]).toEqual([true, false, false]);
  expect([over.has(pod("bad", "9")), over.has(pod("good", "9"))]).toEqual([true, false]);
  over.begin();
  expect([over.has(pod("bad", "9")), read("bad", "1"), log.lines.length]).toEqual([
    false,
    false,
    1,
  ]);
  read("bad", "2");
  expect(over.isReadable({} as Pod)).toBe(false);
  expect(log.lines.slice(1)).toEqual([
    expect.stringContaining("object=a/bad"),
    expect.stringContaining("resource=pods object="),
  ]);
});
