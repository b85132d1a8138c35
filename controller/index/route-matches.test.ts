import { expect, test } from "bun:test";
import { Fields } from "./fields.ts";
import { readGrpcMatch, readHttpMatch } from "./route-matches.ts";

const read = <T>(reader: (fields: Fields) => T, match: unknown) => {
  const faults: string[] = [];
  return { read: reader(new Fields(match, "match", faults)), faults };
};

test("readHttpMatch() takes a prefix and exact values unless a type says otherwise", () => {
  const headers = [{ name: "x", value: "1" }];
  const queryParams = [{ name: "q", type: "RegularExpression", value: "a+" }];
  const match = { path: { value: "/a" }, method: "GET", headers, queryParams };
  expect(read(readHttpMatch, match)).toEqual({
    read: {
      ...{ path: { type: "prefix", value: "/a" }, method: "GET" },
      headers: [{ name: "x", type: "exact", value: "1" }],
      queryParams: [{ name: "q", type: "regex", value: "a+" }],
    },
    faults: [],
  });
});

test.each([
  [{ headers: [{ name: "a", value: "b", type: "Fuzzy" }] }, "match.headers[0].type"],
  [{ headers: [{ name: "", value: "b" }] }, "match.headers[0].name"],
  [{ headers: [{ name: "a b", value: "b" }] }, "match.headers[0].name"],
  [{ queryParams: [{ name: "a", value: "(", type: "RegularExpression" }] }, "queryParams[0].value"],
])("what cannot be asked is left out, and is a fault: %j", (match, at) => {
  const { read: found, faults } = read(readHttpMatch, match);
  expect([...found.headers, ...found.queryParams]).toEqual([]);
  expect(faults).toEqual([expect.stringContaining(at)]);
});

test("S10: of headers or query parameters of one name the first is asked for", () => {
  const named = (...names: string[]) => names.map((name, at) => ({ name, value: `${at}` }));
  const match = { headers: named("X-A", "x-a", "b"), queryParams: named("q", "Q", "q") };
  const { headers, queryParams } = read(readHttpMatch, match).read;
  expect(headers.map(({ value }) => value)).toEqual(["0", "2"]);
  expect(queryParams.map(({ value }) => value)).toEqual(["0", "1"]);
});

test("readGrpcMatch() has any service and method, and no expressions", () => {
  expect(read(readGrpcMatch, {})).toEqual({
    read: { service: "", method: "", headers: [] },
    faults: [],
  });
  const method = { type: "RegularExpression", service: "(", method: "Get" };
  expect(read(readGrpcMatch, { method }).faults).toEqual([
    "match.method.type is not known: RegularExpression",
  ]);
});
