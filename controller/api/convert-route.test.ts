import { expect, test } from "bun:test";
import {
  fromGrpcMatch,
  fromHeaderModifier,
  fromHost,
  fromHttpMatch,
  fromRedirect,
} from "./convert-route.ts";

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

test("fromHost() reverses the labels of a suffix", () => {
  expect(fromHost({ type: "exact", name: "web.example" })).toEqual({
    match: { case: "exact", value: "web.example" },
  });
  expect(fromHost({ type: "suffix", name: "shop.example" })).toEqual({
    match: { case: "suffix", value: { reverseLabels: ["example", "shop"] } },
  });
});

test("fromHttpMatch() writes all parts, and none that is not said", () => {
  expect(
    fromHttpMatch({ path: undefined, method: undefined, headers: [], queryParams: [] }),
  ).toEqual({ headers: [], queryParams: [] });
  const match = fromHttpMatch({
    path: { type: "prefix", value: "/a" },
    method: "DELETE",
    headers: [
      { name: "x", type: "exact", value: "ä" },
      { name: "y", type: "regex", value: ".+" },
    ],
    queryParams: [{ name: "q", type: "exact", value: "1" }],
  });
  expect(match).toEqual({
    path: { kind: { case: "prefix", value: "/a" } },
    method: { type: { case: "registered", value: 3 } },
    headers: [
      { name: "x", value: { case: "exact", value: bytes("ä") } },
      { name: "y", value: { case: "regex", value: ".+" } },
    ],
    queryParams: [{ name: "q", value: { case: "exact", value: "1" } }],
  });
  for (const method of ["BREW", "0", "toString"])
    expect(fromHttpMatch({ path: undefined, method, headers: [], queryParams: [] }).method).toEqual(
      {
        type: { case: "unregistered", value: method },
      },
    );
});

test("fromGrpcMatch() always names a procedure", () => {
  expect(fromGrpcMatch({ service: "", method: "", headers: [] })).toEqual({
    rpc: { service: "", method: "" },
    headers: [],
  });
});

test("fromHeaderModifier() and fromRedirect() write filters", () => {
  const modifier = { add: [{ name: "a", value: "1" }], set: [], remove: ["b"] };
  expect(fromHeaderModifier(modifier)).toEqual({
    add: { headers: [{ name: "a", value: bytes("1") }] },
    set: { headers: [] },
    remove: ["b"],
  });
  const nothing = { scheme: undefined, host: undefined, path: undefined, port: undefined };
  expect(fromRedirect({ ...nothing, status: 302 })).toEqual({ host: "", port: 0, status: 302 });
  expect(
    fromRedirect({
      ...{ scheme: "https", host: "h", port: 8443, status: 301 },
      path: { type: "full", value: "/x" },
    }),
  ).toEqual({
    scheme: { type: { case: "registered", value: 1 } },
    path: { replace: { case: "full", value: "/x" } },
    ...{ host: "h", port: 8443, status: 301 },
  });
});
