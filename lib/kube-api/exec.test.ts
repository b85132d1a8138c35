import { afterAll, beforeAll, beforeEach, expect, test } from "bun:test";
import { HeaderList } from "#lib/http/headers.ts";
import type { SimpleRequest, SimpleTunnel } from "#lib/http-io/simple.ts";
import { PODS } from "#lib/k8s/resource.ts";
import { FakeKubeApi } from "../../test/fake/kube-api.ts";
import { FakeNode, type FakeSession } from "../../test/fake/node-api.ts";
import { SpdyClient } from "../../test/fake/spdy-client.ts";
import { ChannelClient } from "../../test/fake/websocket-client.ts";
import { exitStatus, serveExec } from "./exec.ts";
import type { ResourceCall, Served } from "./served.ts";

const V5 = ["v5.channel.k8s.io", "v4.channel.k8s.io"];
const EXEC = "/api/v1/namespaces/mesh/pods/p/exec";

let fake: FakeKubeApi;
let node: FakeNode;
beforeAll(async () => {
  fake = await FakeKubeApi.start();
  await fake.admin.create(PODS, {
    metadata: {
      name: "p",
      namespace: "mesh",
      annotations: { "kubectl.kubernetes.io/default-container": "second" },
    },
    spec: {
      containers: [
        { name: "first", image: "i" },
        { name: "second", image: "i" },
      ],
    },
  } as never);
});
beforeEach(() => {
  node = new FakeNode();
  fake.api.setNode(node);
});
afterAll(() => fake.stop());

async function exec(
  query: string,
  protocols: string[] = V5,
): Promise<{ readonly client: ChannelClient; readonly session: FakeSession }> {
  const client = await ChannelClient.open(fake, `${EXEC}?${query}`, protocols);
  const [session] = node.sessions;
  if (session === undefined) throw new Error("no session was run");
  return { client, session };
}

/** Without `resume`, which may come at any time. */
const heard = ({ told }: FakeSession): string[] => told.filter((each) => each !== "resume");

const COMMAND = "command=sh&command=-c&command=exit+3&stdin=true&stdout=true&stderr=true";

test("a command's streams, exit status and end go over channels", async () => {
  const { client, session } = await exec(COMMAND);
  expect(client.socket.protocol).toBe("v5.channel.k8s.io");
  expect(session.container).toEqual({ namespace: "mesh", pod: "p", container: "second" });
  expect(session.request).toEqual({ command: ["sh", "-c", "exit 3"], stdin: true, tty: false });
  client.send(0, "input");
  await session.until("write input");
  client.socket.ping();
  client.socket.send(Uint8Array.of(255, 0));
  await session.until("end");
  expect(session.observer.onOutput("stdout", Buffer.from("out"))).toBe(true);
  session.observer.onOutput("stderr", Buffer.from("err"));
  session.observer.onExit({ exitCode: 3 });
  expect(await client.closed).toBe("1000 ");
  expect([client.of(1).toString(), client.of(2).toString()]).toEqual(["out", "err"]);
  expect(JSON.parse(client.of(3).toString())).toEqual({
    metadata: {},
    status: "Failure",
    message: "command terminated with non-zero exit code: exit status 3",
    reason: "NonZeroExitCode",
    details: { causes: [{ reason: "ExitCode", message: "3" }] },
  });
  expect(heard(session)).toEqual(["write input", "end"]);
});

test("a terminal is resized; what is no size is not", async () => {
  const { client, session } = await exec("container=first&command=sh&tty=true&stdin=1", [
    "v4.channel.k8s.io",
  ]);
  expect(client.socket.protocol).toBe("v4.channel.k8s.io");
  expect(session.request.tty).toBe(true);
  for (const size of ['{"Width":0,"Height":3}', "no JSON", "[]", '{"Width":132,"Height":43}\n'])
    client.send(4, size);
  await session.until("resize 132x43");
  client.socket.close();
  await session.until("stop");
  expect(heard(session)).toEqual(["resize 132x43", "stop"]);
  session.observer.onExit({ exitCode: 137 });
});

test("input that the command does not take waits", async () => {
  const { client, session } = await exec(COMMAND);
  session.takes = false;
  client.send(0, "1");
  await session.until("write 1");
  client.send(0, "2");
  client.send(0, "3");
  session.takes = true;
  session.observer.onWritable();
  await session.until("write 3");
  session.observer.onExit({ exitCode: 0 });
  await client.closed;
  expect(heard(session)).toEqual(["write 1", "write 2", "write 3"]);
});

test("output that the client does not take waits", async () => {
  const { client, session } = await exec(COMMAND);
  const chunk = Buffer.alloc(256 * 1024, "x");
  let sent = 0;
  session.told.length = 0;
  while (session.observer.onOutput("stdout", chunk)) sent += 1;
  await session.until("resume");
  session.observer.onExit({ exitCode: 0 });
  await client.closed;
  expect(client.of(1).length).toBe((sent + 1) * chunk.length);
});

test("a client that breaks the protocol ends the command", async () => {
  const { client, session } = await exec(COMMAND);
  client.send(0, Buffer.alloc(5 * 1024 * 1024));
  expect(await client.closed).toStartWith("1009 Cannot read WebSocket: a message is longer than");
  await session.until("stop");
});

test.each([
  ["no upgrade", `${EXEC}?command=a`, {}, 400, "Upgrade request required"],
  [
    "SPDY without a protocol",
    `${EXEC}?command=a`,
    { connection: "Upgrade", upgrade: "SPDY/3.1" },
    400,
    "unable to negotiate a protocol: the client offers [], the server has [v4.channel.k8s.io]",
  ],
  [
    "a container that is none",
    `${EXEC}?command=a&container=x`,
    {},
    400,
    "container x is not valid",
  ],
  ["attach", EXEC.replace("exec", "attach"), {}, 400, "attach is not served"],
  ["no pod", EXEC.replace("/p/", "/q/"), {}, 404, 'pods "q" not found'],
])("%s is refused with a Status", async (_, path, headers, status, message) => {
  const answer = await fake.ask(path, { headers });
  expect(answer.status).toBe(status);
  expect(await answer.json()).toMatchObject({
    kind: "Status",
    message: expect.stringContaining(message),
  });
});

const HANDSHAKE = {
  connection: "Upgrade",
  upgrade: "websocket",
  "sec-websocket-version": "13",
  "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ==",
  "sec-websocket-protocol": "v5.channel.k8s.io",
};

test.each([
  ["no command", "", {}, "you must specify a command"],
  ["an old version", "?command=a", { "sec-websocket-version": "8" }, "no WebSocket handshake"],
  [
    "another protocol",
    "?command=a",
    { "sec-websocket-protocol": "base64.channel.k8s.io, x" },
    "the client offers [base64.channel.k8s.io x]",
  ],
])("a handshake with %s is refused", async (_, query, headers, message) => {
  const answer = await fake.ask(`${EXEC}${query}`, { headers: { ...HANDSHAKE, ...headers } });
  expect([answer.status, await answer.text()]).toEqual([400, expect.stringContaining(message)]);
  expect(node.sessions).toEqual([]);
});

test("a node that cannot run it is told", async () => {
  node.problem = "the container does not run";
  const ask = (): Promise<Response> => fake.ask(`${EXEC}?command=a`, { headers: HANDSHAKE });
  const answer = await ask();
  expect([answer.status, await answer.text()]).toEqual([
    400,
    expect.stringContaining("the container does not run"),
  ]);
});

/** What a client of SPDY is told by a session, after it has opened the streams that it names. */
function overSpdy(query: string, types: readonly string[]): { told: string[]; end: () => void } {
  const told: string[] = [];
  const client = new SpdyClient();
  const tunnel: SimpleTunnel = {
    write: (chunk) => {
      told.push(...client.read(chunk));
      return true;
    },
    ...{ end: () => undefined, pause: () => undefined, resume: () => undefined },
    ...{ onData: () => undefined, onEnd: () => undefined, onDrain: () => undefined },
  };
  const upgrade = { upgrade: "SPDY/3.1", "x-stream-protocol-version": "v4.channel.k8s.io" };
  const request = {
    upgrade: true,
    query: new URLSearchParams(query),
    head: { headers: HeaderList.of(...Object.entries(upgrade)) },
    tunnel: () => tunnel,
  } as unknown as SimpleRequest;
  const pod = { metadata: { name: "p" }, spec: { containers: [{ name: "c" }] } };
  const served = { node: () => node, registry: { get: () => pod } } as unknown as Served;
  const call = { route: { namespace: "mesh", name: "p" }, resource: {} } as ResourceCall;
  serveExec(served, call, request);
  for (const [index, streamtype] of types.entries())
    tunnel.onData(client.open(2 * index + 1, { streamtype }));
  return { told, end: () => tunnel.onEnd() };
}

test("an older kubectl's command runs once its streams are there", () => {
  const { told, end } = overSpdy("command=a&stdin=1&stdout=1&stderr=1", [
    ...["error", "stdin", "stdout"],
    "stderr",
  ]);
  const [session] = node.sessions;
  session?.observer.onOutput("stderr", Buffer.from("oh"));
  session?.observer.onExit({ exitCode: 0 });
  end();
  expect(told.slice(4)).toEqual([
    "7 oh",
    '1 {"metadata":{},"status":"Success"}',
    ...["1 end", "3 end", "5 end", "7 end"],
  ]);
  expect(session?.told).toEqual([]);
});

test("an older kubectl's terminal has no stream of errors; its end ends the session", () => {
  const { end } = overSpdy("command=a&stdout=1&stderr=1&tty=1", ["error", "stdout", "resize"]);
  end();
  expect(node.sessions[0]?.told).toEqual(["stop"]);
});

test("an older kubectl is told why a command cannot be run", () => {
  node.problem = "the container does not run";
  const { told } = overSpdy("command=a&stdout=1", ["error", "stdout"]);
  expect(told.slice(2)).toEqual([
    expect.stringContaining("Internal error occurred: the container does not run"),
    ...["1 end", "3 end"],
  ]);
});

test("the end is told as a kubelet tells it", () => {
  expect(exitStatus({ exitCode: 0 })).toEqual({ metadata: {}, status: "Success" });
  expect(exitStatus({ error: "gone" })).toMatchObject({ reason: "InternalError", code: 500 });
});
