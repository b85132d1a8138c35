import { expect, test } from "bun:test";
import { answerOf, briefsOf, curlOf, manyOf } from "./curl.ts";

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
      ...["curl", "-i", "-k", "--path-as-is", "-g", "-sS", "-m", "10", "-X", "PUT", "-H", "x: 1"],
      ...["--data-binary", "@-", "-H", "expect:", "--http2-prior-knowledge", "http://a/"],
    ],
  );
});

test("many requests are one command, and a line for each", () => {
  const command = manyOf("http://a/?x=1", 3, {});
  expect(command.at(-1)).toBe("http://a/?x=1&n=[1-3]");
  expect(manyOf("http://a/", 3, {}).at(-1)).toBe("http://a/?n=[1-3]");
  expect(briefsOf("200 web-v1\n503 \n000 \n")).toEqual([
    { status: 200, backend: "web-v1" },
    { status: 503, backend: "" },
    { status: 0, backend: "" },
  ]);
});
