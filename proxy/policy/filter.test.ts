import { expect, test } from "bun:test";
import { HeaderList } from "#lib/http/headers.ts";
import { type Filter, filterRequest, filterResponse, type HeaderModifier } from "./filter.ts";

const modifier = (over: Partial<HeaderModifier>): HeaderModifier => ({
  add: [],
  set: [],
  remove: [],
  ...over,
});
const request = (over: Partial<HeaderModifier>): Filter => ({
  type: "request-headers",
  modifier: modifier(over),
});
const headOf = (...fields: readonly (readonly [string, string])[]) => ({
  scheme: "",
  authority: "web",
  path: "/a?b",
  headers: HeaderList.of(...fields),
});
const fieldsOf = ({ names, values }: HeaderList): string[] =>
  names.map((name, index) => `${name}: ${values[index]}`);
const never = (): number => {
  throw new Error("chance is not asked for");
};
const how = { prefix: 1, random: never };

test("P21: headers are added, then set, then removed, in the order of the filters", () => {
  const head = headOf(["a", "1"], ["b", "1"], ["c", "1"]);
  const filters = [
    request({
      add: [
        { name: "a", value: "2" },
        { name: "d", value: "1" },
      ],
      set: [{ name: "b", value: "2" }],
      remove: ["c", "d"],
    }),
    request({ add: [{ name: "c", value: "3" }] }),
  ];
  expect(filterRequest(filters, head, how)).toBeUndefined();
  expect(fieldsOf(head.headers)).toEqual(["a: 1", "a: 2", "b: 2", "c: 3"]);
});

test("P21: a host that is set is the request's authority, and no field", () => {
  const head = headOf();
  filterRequest([request({ set: [{ name: "host", value: "other:80" }] })], head, how);
  expect([head.authority, head.headers.length]).toEqual(["other:80", 0]);
  filterRequest([request({ add: [{ name: "host", value: "third" }] })], head, how);
  expect([head.authority, head.headers.length]).toEqual(["third", 0]);
});

test("P21: filters of answers change answers only, and those of requests no answer", () => {
  const filters: Filter[] = [
    { type: "response-headers", modifier: modifier({ set: [{ name: "x", value: "1" }] }) },
    request({ set: [{ name: "y", value: "1" }] }),
  ];
  const head = headOf();
  filterRequest(filters, head, how);
  const answer = HeaderList.of(["x", "0"]);
  filterResponse(filters, answer);
  expect([fieldsOf(head.headers), fieldsOf(answer)]).toEqual([["y: 1"], ["x: 1"]]);
});

test.each([
  [1, undefined, true],
  [0, 0, false],
  [0.25, 0.24, true],
  [0.25, 0.25, false],
])(
  "P21: of failures with the share %p a request with the chance %p fails: %p",
  (ratio, chance, fails) => {
    const failure: Filter = {
      type: "http-failure",
      status: 503,
      message: "no",
      ratio: ratio as number,
    };
    const random = chance === undefined ? never : (): number => chance as number;
    const after = request({ set: [{ name: "x", value: "1" }] });
    const head = headOf();
    expect(filterRequest([failure, after], head, { prefix: 1, random })).toBe(
      fails ? failure : undefined,
    );
    expect(head.headers.has("x")).toBe(!fails);
  },
);

test("P21: a redirect to where the request goes already is passed over", () => {
  const redirect = (host: string): Filter => ({
    type: "redirect",
    redirect: { scheme: undefined, host, port: undefined, path: undefined, status: 302 },
  });
  expect(filterRequest([redirect("web"), redirect("api")], headOf(), how)).toEqual({
    type: "redirect",
    status: 302,
    location: "http://api/a?b",
  });
});
