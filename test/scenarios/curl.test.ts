import { expect, test } from "bun:test";
import { answerOf, curlOf } from "./curl.ts";

test("what curl prints is read: interim heads passed over, names in lower case", () => {
  const out =
    "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 403 Forbidden\r\nL5d-Proxy-Error: no\r\nx-b: 1\r\n\r\nbody\r\n\r\nmore";
  expect(answerOf(out)).toEqual({
    status: 403,
    headers: { "l5d-proxy-error": "no", "x-b": "1" },
    body: "body\r\n\r\nmore",
  });
});

test("no answer is status 0", () => {
  expect(answerOf("")).toEqual({ status: 0, headers: {}, body: "" });
});

test("what is asked becomes options of curl", () => {
  expect(curlOf("http://a/", { method: "PUT", headers: ["x: 1"], body: "b", http2: true })).toEqual(
    [
      ...["curl", "-sS", "-i", "-m", "10", "-X", "PUT", "-H", "x: 1"],
      ...["--data-binary", "b", "-H", "expect:", "--http2-prior-knowledge", "http://a/"],
    ],
  );
});
