import { expect, test } from "bun:test";
import { fakeCluster } from "../../test/fake/cli.ts";
import { type Check, expectNone, expectThat, type Result, runChecks } from "./check.ts";

const target = {
  client: fakeCluster([]),
  linkerdNamespace: "linkerd",
  cniNamespace: "linkerd-cni",
  namespace: undefined,
  version: "1",
  wall: () => 0,
};
const fine: Check = { description: "fine", anchor: "a", run: () => Promise.resolve() };
const broken: Check = {
  description: "broken",
  anchor: "b",
  run: () => Promise.reject(new Error("no")),
};

async function run(
  checks: readonly Check[],
  waitMs = 0,
): Promise<{ readonly success: boolean; readonly results: Result[]; readonly passed: number }> {
  const results: Result[] = [];
  let passed = 0;
  const success = await runChecks([{ name: "c", checks }], {
    target,
    patience: {
      waitMs,
      now: () => passed,
      sleep: (ms) => {
        passed += ms;
        return Promise.resolve();
      },
    },
    onResult: (result) => void results.push(result),
  });
  return { success, results, passed };
}

test("a failed check fails the run, a warning does not, a fatal one ends it", async () => {
  expect((await run([fine])).success).toBe(true);
  const warned = await run([{ ...broken, severity: "warning" }, fine]);
  expect(warned.success).toBe(true);
  expect(warned.results[0]).toEqual({
    category: "c",
    description: "broken",
    result: "warning",
    hint: "https://linkerd.io/2/checks/#b",
    mend: "",
    error: "no",
  });
  expect((await run([broken, fine])).results).toHaveLength(2);
  expect((await run([{ ...broken, severity: "fatal" }, fine])).results).toHaveLength(1);
});

test("a check that may take its time is asked until it passes or time is over", async () => {
  let left = 3;
  const slow: Check = {
    ...broken,
    retried: true,
    run: () => (--left > 0 ? Promise.reject(new Error("not yet")) : Promise.resolve()),
  };
  expect(await run([slow], 10_000)).toMatchObject({ success: true, passed: 2000 });
  expect(await run([{ ...broken, retried: true }], 3000)).toMatchObject({
    success: false,
    passed: 3000,
  });
});

test("what is asked again is told meanwhile; what is no question here is passed over", async () => {
  const waited: string[] = [];
  const results: Result[] = [];
  let passed = 0;
  const applies = (): boolean => false;
  await runChecks(
    [
      {
        name: "c",
        checks: [
          { ...broken, retried: true },
          { ...fine, applies },
        ],
      },
    ],
    {
      target,
      patience: {
        waitMs: 2000,
        now: () => passed,
        sleep: (ms) => {
          passed += ms;
          return Promise.resolve();
        },
      },
      onResult: (result) => void results.push(result),
      onWait: (description, error) => void waited.push(`${description}: ${error}`),
    },
  );
  expect(waited).toEqual(["broken: no", "broken: no"]);
  expect(results.map(({ description }) => description)).toEqual(["broken"]);
});

test("findings are listed under a title", () => {
  expect(() => expectNone("Bad", ["a", "b"])).toThrow("Bad:\n\t* a\n\t* b");
  expectNone("Bad", []);
  expect(() => expectThat(false, "no")).toThrow("no");
});
