import { afterAll, expect, test } from "bun:test";
import { ANSWER_LIMIT_BYTES, prometheusAt } from "./prometheus.ts";

const asked: { path: string; query: string | null; user: string | null }[] = [];
const ANSWER = {
  status: "success",
  data: { resultType: "vector", result: [{ metric: { a: "b" }, value: [1, "2"] }] },
};
const server = Bun.serve({
  port: 0,
  hostname: "127.0.0.1",
  fetch: async (request) => {
    const query = new URLSearchParams(await request.text()).get("query");
    const path = new URL(request.url).pathname;
    asked.push({ path, query, user: request.headers.get("authorization") });
    if (query === "bad")
      return Response.json({ status: "error", error: "parse error" }, { status: 400 });
    if (query === "long") return new Response(new Uint8Array(ANSWER_LIMIT_BYTES + 1));
    return path === "/gone/api/v1/query"
      ? new Response("no", { status: 502 })
      : Response.json(ANSWER);
  },
});
afterAll(async () => await server.stop(true));
const at = (rest: string, user = ""): string => `http://${user}127.0.0.1:${server.port}${rest}`;

test("a Prometheus is asked at its URL, below its path, as the user that is named", async () => {
  const found = await prometheusAt(at("/prom/", "a:b%40@"))('up{x="y&z"}', "up");
  expect(found).toEqual([{ name: "up", labels: { a: "b" }, value: 2 }]);
  expect(asked.at(-1)).toEqual({
    ...{ path: "/prom/api/v1/query", query: 'up{x="y&z"}' },
    user: `Basic ${btoa("a:b@")}`,
  });
  await prometheusAt(at(""))("up", "up");
  expect(asked.at(-1)).toEqual({ path: "/api/v1/query", query: "up", user: null });
});

test("what it says is wrong is told, and so is what is no answer", async () => {
  const error = async (url: string, query: string): Promise<string> =>
    await prometheusAt(url)(query, "x").then(String, (reason: unknown) => String(reason));
  expect(await error(at("", "a:secret@"), "bad")).toEndWith(
    `Cannot ask Prometheus at ${at("/")}: Prometheus says parse error`,
  );
  expect(await error(at("/gone"), "up")).toEndWith("it answers 502");
  expect(await error(at(""), "long")).toContain("is longer than 32 MiB");
  expect(await error("http://127.0.0.1:1", "up")).toContain("Cannot ask Prometheus at");
  expect(() => prometheusAt("localhost:9090")).toThrow("it is no URL such as");
  expect(() => prometheusAt("x")).toThrow("it is no URL such as");
});
