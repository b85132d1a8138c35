import { describe, expect, test } from "bun:test";
import { HeaderList } from "./headers.ts";
import { joinCookies, parseContentLength, removeHeadOnly, removeHopByHop } from "./semantics.ts";

describe("removeHopByHop()", () => {
  test("removes connection fields and what Connection names", () => {
    const headers = HeaderList.of(
      ["connection", "close, X-Own"],
      ["x-own", "1"],
      ["connection", "keep-alive"],
      ["keep-alive", "timeout=5"],
      ["transfer-encoding", "chunked"],
      ["upgrade", "h2c"],
      ["accept", "*/*"],
    );
    removeHopByHop(headers);
    expect(headers.names).toEqual(["accept"]);
  });

  test("keeps te: trailers and nothing else of te", () => {
    const headers = HeaderList.of(["te", "gzip, Trailers"]);
    removeHopByHop(headers);
    expect(headers.getAll("te")).toEqual(["trailers"]);
    const other = HeaderList.of(["te", "gzip"]);
    removeHopByHop(other);
    expect(other.length).toBe(0);
  });

  test("keeps upgrade where the connection is to switch, although Connection names it", () => {
    const headers = HeaderList.of(
      ["connection", "upgrade, x-own"],
      ["upgrade", "websocket"],
      ["x-own", "1"],
    );
    const copy = headers.clone();
    removeHopByHop(headers, true);
    expect([headers.names, headers.values]).toEqual([["upgrade"], ["websocket"]]);
    removeHopByHop(copy);
    expect(copy.length).toBe(0);
  });

  test("lets Connection not remove what means the whole way", () => {
    const headers = HeaderList.of(
      ["connection", "authorization, content-length"],
      ["authorization", "x"],
    );
    removeHopByHop(headers);
    expect(headers.names).toEqual(["authorization"]);
  });

  test("leaves a list without such fields alone", () => {
    const headers = HeaderList.of(["a", "1"]);
    removeHopByHop(headers);
    expect(headers.names).toEqual(["a"]);
  });
});

test("Connection cannot name away what says who calls, or what the mesh has written", () => {
  const names = [
    "l5d-client-id",
    "bunkerd-x",
    "x-forwarded-for",
    "authorization",
    "cookie",
    "content-type",
  ];
  const headers = HeaderList.of(
    ["connection", `${names.join(", ")}, x-own`],
    ...names.map((name) => [name, "1"] as const),
    ["x-own", "1"],
  );
  removeHopByHop(headers);
  expect(headers.names).toEqual(names);
});

test("te is kept where it names trailers, and only that", () => {
  const headers = HeaderList.of(["te", "gzip, Trailers"]);
  removeHopByHop(headers);
  expect(headers.values).toEqual(["trailers"]);
  const others = HeaderList.of(["te", "x-trailers"]);
  removeHopByHop(others);
  expect(others.length).toBe(0);
});

test("removeHeadOnly() leaves trailers that are some", () => {
  const trailers = HeaderList.of(
    ["content-length", "1"],
    ["grpc-status", "0"],
    ["l5d-client-id", "x"],
    ["authorization", "y"],
    ["content-length", "2"],
    ["x-sum", "z"],
  );
  removeHeadOnly(trailers);
  expect(trailers.names).toEqual(["grpc-status", "x-sum"]);
});

test.each([
  ["0", 0],
  ["1024", 1024],
  ["007", 7],
  ["999999999999999", 999_999_999_999_999],
  ["1000000000000000", -1],
  ["", -1],
  ["+1", -1],
  ["1 ", -1],
  ["0x10", -1],
  ["1e3", -1],
  ["\u0661", -1],
])("parseContentLength(%p) is %p", (text, bytes) => {
  expect(parseContentLength(text)).toBe(bytes);
});

test("joinCookies() makes one field of crumbs, and leaves one as it is where it stands", () => {
  const crumbs = HeaderList.of(["cookie", "a=1"], ["x", "y"], ["cookie", "b=2"]);
  joinCookies(crumbs);
  expect([crumbs.names, crumbs.get("cookie")]).toEqual([["x", "cookie"], "a=1; b=2"]);
  const one = HeaderList.of(["cookie", "a=1"], ["x", "y"]);
  joinCookies(one);
  expect(one.names).toEqual(["cookie", "x"]);
});
