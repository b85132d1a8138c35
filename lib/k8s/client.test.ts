import { afterEach, expect, test } from "bun:test";
import { type PlainRequest, type PlainResponse, servePlain } from "#lib/net/plain-http.ts";
import { createKubeClient, whoCalls } from "./client.ts";
import { KubeError } from "./kube-error.ts";
import { NAMESPACES, PODS } from "./resource.ts";

type Server = ReturnType<typeof servePlain>;
let server: Server | undefined;
let seen: {
  method: string;
  path: string;
  query: string;
  text: string;
  token?: string;
  contentType?: string;
}[] = [];

afterEach(() => {
  server?.stop();
  server = undefined;
  seen = [];
});

function serve(answer: (request: PlainRequest) => PlainResponse): string {
  server = servePlain({ ip: "127.0.0.1", port: 0 }, async (request) => {
    const { method, path, query } = request;
    const token = request.header("authorization");
    const contentType = request.header("content-type");
    seen.push({
      ...{ method, path, query, text: await request.text() },
      ...(token !== undefined && { token }),
      ...(contentType !== undefined && { contentType }),
    });
    return answer(request);
  });
  return `http://127.0.0.1:${server.port}`;
}

const json = (status: number, body: unknown): PlainResponse => ({
  status,
  body: JSON.stringify(body),
});

const failure = async (promise: Promise<unknown>): Promise<KubeError> => {
  const caught: unknown = await promise.catch((error: unknown) => error);
  if (!(caught instanceof KubeError)) throw new Error(`not refused: ${String(caught)}`);
  return caught;
};

test("list() asks for the collection with its selectors and the token of the moment", async () => {
  let token = 0;
  const at = serve(() => json(200, { metadata: { resourceVersion: "7" }, items: [] }));
  const client = createKubeClient({ server: at, token: () => `t${++token}` });
  const list = await client.list(PODS, { namespace: "a", labelSelector: "app=b", limit: 5 });
  expect(list.metadata?.resourceVersion).toBe("7");
  expect(seen[0]?.path).toBe("/api/v1/namespaces/a/pods");
  expect(seen[0]?.query).toContain("labelSelector=app%3Db");
  await client.list(NAMESPACES);
  expect(seen[1]?.token).toBe("Bearer t2");
});

test("get() and delete() take a missing object for what it is", async () => {
  const client = createKubeClient({ server: serve(() => json(404, { reason: "NotFound" })) });
  expect(await client.get(PODS, { namespace: "a", name: "b" })).toBeUndefined();
  await client.delete(PODS, { namespace: "a", name: "b" });
});

test("delete() sends which object is meant", async () => {
  const client = createKubeClient({ server: serve(() => json(409, { reason: "Conflict" })) });
  const preconditions = { uid: "u", resourceVersion: "7" };
  const name = { namespace: "a", name: "b" };
  expect((await failure(client.delete(PODS, name, { preconditions }))).code).toBe("conflict");
  expect(seen[0]?.text).toBe(JSON.stringify({ preconditions }));
});

test("create() sends kind and version, patch() its content type", async () => {
  const client = createKubeClient({ server: serve(() => json(201, {})) });
  await client.create(PODS, { metadata: { name: "x", namespace: "a" } });
  expect(seen[0]?.method).toBe("POST");
  expect(seen[0]?.text).toContain('"kind":"Pod"');
  const patch = { type: "apply", body: {}, fieldManager: "me", force: true } as const;
  await client.patch(PODS, { name: "x", namespace: "a" }, { ...patch, subresource: "status" });
  expect(seen[1]?.path).toBe("/api/v1/namespaces/a/pods/x/status");
  expect(seen[1]?.contentType).toBe("application/apply-patch+yaml");
});

test.each([
  [409, "AlreadyExists", "already-exists"],
  [409, "Conflict", "conflict"],
  [403, "Forbidden", "forbidden"],
  [410, "Expired", "gone"],
  [422, "Invalid", "invalid"],
  [503, "", "server"],
] as const)("status %d %s is the code %s", async (status, reason, code) => {
  const client = createKubeClient({ server: serve(() => json(status, { reason, message: "no" })) });
  const error = await failure(client.create(PODS, { metadata: { name: "x", namespace: "a" } }));
  expect([error.code, error.status, error.reason]).toEqual([code, status, reason]);
});

test("an API that is away is named", async () => {
  const at = serve(() => json(200, {}));
  server?.stop();
  server = undefined;
  const error = await failure(createKubeClient({ server: at }).list(PODS));
  expect(error.code).toBe("unreachable");
  expect(error.message).toContain(at);
});

test("watch() yields the events of the stream, and EXPIRED for 410", async () => {
  const lines = [
    { type: "ADDED", object: { metadata: { name: "p" } } },
    { type: "BOOKMARK", object: { metadata: { resourceVersion: "9" } } },
  ];
  let status = 200;
  const body = lines.map((line) => `${JSON.stringify(line)}\n`).join("");
  const client = createKubeClient({ server: serve(() => ({ status, body })) });
  const collect = async (): Promise<string[]> => {
    const types: string[] = [];
    const signal = new AbortController().signal;
    for await (const { type } of client.watch(PODS, { resourceVersion: "1", signal }))
      types.push(type);
    return types;
  };
  expect(await collect()).toEqual(["OPENED", "ADDED", "BOOKMARK"]);
  status = 410;
  expect(await collect()).toEqual(["EXPIRED"]);
  status = 500;
  expect((await failure(collect())).code).toBe("server");
});

test("text() reads what is no object", async () => {
  const client = createKubeClient({
    server: serve(() => ({ status: 200, body: "log" })),
  });
  expect(await client.text("/api/v1/namespaces/a/pods/b/log")).toBe("log");
});

test("whom the caller acts as stands in every request", async () => {
  expect(
    await whoCalls({ server: "", token: () => "t", actAs: { user: "jane", group: "ops" } }),
  ).toEqual({ authorization: "Bearer t", "impersonate-user": "jane", "impersonate-group": "ops" });
  expect(await whoCalls({ server: "" })).toEqual({});
});
