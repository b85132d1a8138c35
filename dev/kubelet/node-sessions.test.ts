import { afterAll, beforeAll, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { forwardPort } from "#lib/k8s/port-forward.ts";
import type { LogQuery, NodeApi } from "#lib/kube-api/node-api.ts";
import { systemClock } from "#lib/sys/system-clock.ts";
import { DevCluster } from "../../test/fake/dev-cluster.ts";
import { FakeContainer } from "../../test/fake/running-container.ts";
import { createNodeApi } from "./node-sessions.ts";
import type { PodWorker, WorkerContainer } from "./pod-worker.ts";

const LOG = `/tmp/node-sessions-${process.pid}`;
afterAll(() => {
  Bun.spawnSync(["rm", "-f", LOG, `${LOG}.1`]);
});

/** The node's API over one container whose state the test sets. */
function bed(state: Partial<WorkerContainer> = {}): { api: NodeApi; state: WorkerContainer } {
  const found = { running: undefined, logs: [LOG], ...state };
  const worker = { container: () => found, ip: undefined } as unknown as PodWorker;
  const find = ({ pod }: { pod: string }) => (pod === "web" ? worker : undefined);
  const api = createNodeApi({ clock: systemClock, netns: "/proc/thread-self/ns/net", find });
  return { api, state: found };
}

async function read(
  api: NodeApi,
  query: Partial<LogQuery> & { pod?: string } = {},
): Promise<string> {
  const { pod = "web", ...more } = query;
  const signal = AbortSignal.timeout(4_000);
  const chunks = api.log(
    { namespace: "a", pod, container: "c" },
    {
      ...{ follow: false, previous: false, timestamps: false, signal },
      ...{ tailLines: undefined, sinceSeconds: undefined, limitBytes: undefined, ...more },
    },
  );
  let text = "";
  for await (const chunk of chunks) text += Buffer.from(chunk).toString();
  return text;
}

test.each([
  ["a\nb\nc\n", 2, "b\nc\n"],
  ["a\nb\nc", 2, "b\nc"],
  ["a\nb\nc\n", 0, ""],
  ["a\nb\n", 9, "a\nb\n"],
  ["\n\n\n", 1, "\n"],
  ["", 3, ""],
  [`${"x".repeat(70_000)}\n${"y".repeat(70_000)}\nz\n`, 2, `${"y".repeat(70_000)}\nz\n`],
  [`a\n${"y".repeat(65_535)}\n`, 1, `${"y".repeat(65_535)}\n`],
  [`a\n${"y".repeat(65_536)}\n`, 1, `${"y".repeat(65_536)}\n`],
])("the tail of a log (%#)", async (text, tailLines, expected) => {
  writeFileSync(LOG, text);
  expect(await read(bed().api, { tailLines })).toBe(expected);
});

test("a log is cut where it is limited, and the one before is another", async () => {
  writeFileSync(LOG, "now");
  writeFileSync(`${LOG}.1`, "before");
  const { api } = bed({ logs: [LOG, `${LOG}.1`] });
  expect(await read(api, { limitBytes: 2 })).toBe("no");
  expect(await read(api, { previous: true })).toBe("before");
});

test("what is not there is named", async () => {
  const fails = (call: Promise<unknown>): Promise<string> => call.then(() => "", String);
  expect(await fails(read(bed().api, { previous: true }))).toContain(
    'previous terminated container "c" in pod "web" not found',
  );
  expect(await fails(read(bed().api, { timestamps: true }))).toContain("not offered in dev mode");
  expect(await fails(read(bed().api, { sinceSeconds: 1 }))).toContain("not offered in dev mode");
  expect(await fails(read(bed({ logs: [] }).api))).toContain("is waiting to start");
  expect(await fails(read(bed().api, { pod: "none" }))).toContain("is waiting to start");
  const request = { namespace: "a", pod: "web", port: 80, method: "GET", path: "/" };
  expect(await fails(bed().api.proxy(request))).toContain('pod "web" has no address yet');
  expect(await fails(bed().api.connect(request))).toContain('pod "web" has no network yet');
});

test("a log is followed to the end of its container", async () => {
  writeFileSync(LOG, "one\n");
  const running = new FakeContainer();
  const { api, state } = bed({ running });
  const text = read(api, { follow: true });
  writeFileSync(LOG, "two\n", { flag: "a" });
  Object.assign(state, { running: undefined });
  expect(await text).toBe("one\ntwo\n");
});

test("a log is followed until nobody wants it", async () => {
  writeFileSync(LOG, "one\n");
  const end = new AbortController();
  const { api } = bed({ running: new FakeContainer() });
  const query = { ...{ follow: true, previous: false, timestamps: false, signal: end.signal } };
  const limits = { tailLines: undefined, sinceSeconds: undefined, limitBytes: undefined };
  const name = { namespace: "a", pod: "web", container: "c" };
  const seen: string[] = [];
  for await (const chunk of api.log(name, { ...query, ...limits })) {
    seen.push(Buffer.from(chunk).toString());
    end.abort();
  }
  expect(seen).toEqual(["one\n"]);
});

let dev: DevCluster;
beforeAll(async () => {
  dev = await DevCluster.start();
});
afterAll(async () => {
  await dev.stop();
});

test("the API shows the log of a pod, the end of it, and follows it", async () => {
  await dev.run("talks", "echo one; echo two; trap 'echo three; exit 0' TERM; sleep 1000 & wait", {
    restartPolicy: "Never",
  });
  await dev.says("talks", "two");
  expect(await dev.logs("talks", "?tailLines=1")).toBe("two\n");
  const followed = dev.logs("talks", "?follow=true");
  await dev.remove("talks");
  expect(await followed).toBe("one\ntwo\nthree\n");
});

test("the API asks a port of a pod", async () => {
  const server = `require("http").createServer((q, a) => { a.statusCode = 201; a.end(q.url); }).listen(8080)`;
  await dev.create("server", {
    terminationGracePeriodSeconds: 0,
    containers: [
      {
        ...{ name: "c", image: "node", args: ["-e", server] },
        readinessProbe: { tcpSocket: { port: 8080 }, periodSeconds: 1 },
      },
    ],
  });
  await dev.ready("server");
  const answer = await dev.ask("/api/v1/namespaces/apps/pods/server:8080/proxy/path?x=1");
  expect([answer.status, await answer.text()]).toEqual([201, "/path?x=1"]);
});

test("a port that a pod has on its own loopback is reached through the API", async () => {
  const server = `require("net").createServer((c) => c.pipe(c)).listen(8081, "127.0.0.1", () => console.log("up"))`;
  const container = { name: "c", image: "node", args: ["-e", server] };
  await dev.create("inner", { terminationGracePeriodSeconds: 0, containers: [container] });
  await dev.says("inner", "up");
  const to = { namespace: dev.namespace, pod: "inner", port: 8081 };
  const reach = async (port: number): Promise<string> => {
    const { token, ...access } = dev.cluster.access;
    const stream = await forwardPort({ ...access, token: () => token }, { ...to, port });
    const { promise, resolve } = Promise.withResolvers<string>();
    stream.handler = {
      onData: (chunk) => resolve(Buffer.from(chunk).toString()),
      onEnd: () => undefined,
      onDrain: () => undefined,
      onClose: (error) => resolve(String(error)),
    };
    stream.write(Buffer.from("hello"));
    const answer = await promise;
    stream.destroy();
    return answer;
  };
  expect(await reach(8081)).toBe("hello");
  expect(await reach(8082)).toContain("Cannot connect to 127.0.0.1:8082: connection refused");
});
