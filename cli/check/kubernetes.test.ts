import { expect, test } from "bun:test";
import { findings } from "../../test/fake/installed.ts";
import { KUBERNETES } from "./kubernetes.ts";

const [api, version] = KUBERNETES;
if (api === undefined || version === undefined) throw new Error("Cannot test: categories are gone");

test("the API answers, in a version that is new enough", async () => {
  expect(await findings(api)).toEqual({});
  expect(await findings(version)).toEqual({});
  expect(await findings(version, { texts: { "/version": '{"gitVersion":"v2.0.0"}' } })).toEqual({});
});

test("an old version, an odd one, and no answer are told", async () => {
  expect(await findings(version, { texts: { "/version": '{"gitVersion":"v1.30.9"}' } })).toEqual({
    "error: is running the minimum Kubernetes API version":
      "Kubernetes is on version [1.30.9], but version [1.31.0] or more recent is required",
  });
  expect(Object.values(await findings(api, { texts: { "/version": "{}" } }))).toEqual([
    'Kubernetes says it is version "", which is none',
  ]);
});
