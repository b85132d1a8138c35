import { afterAll, beforeAll, beforeEach, expect, test } from "bun:test";
import { forwardPort } from "#lib/k8s/port-forward.ts";
import { PODS } from "#lib/k8s/resource.ts";
import type { PodPort } from "#lib/kube-api/node-api.ts";
import type { ByteStream } from "#lib/net/byte-stream.ts";
import { FakePair } from "../../test/fake/byte-stream.ts";
import { FakeKubeApi } from "../../test/fake/kube-api.ts";
import { FakeNode } from "../../test/fake/node-api.ts";
import { ChannelClient } from "../../test/fake/websocket-client.ts";

const PATH = "/api/v1/namespaces/mesh/pods/p/portforward";
const V4 = ["v4.channel.k8s.io"];

let fake: FakeKubeApi;
let node: FakeNode;
beforeAll(async () => {
  fake = await FakeKubeApi.start();
  await fake.admin.create(PODS, {
    metadata: { name: "p", namespace: "mesh" },
    spec: { containers: [{ name: "c", image: "i" }] },
  } as never);
});
beforeEach(() => {
  node = new FakeNode();
  fake.api.setNode(node);
});
afterAll(() => fake.stop());

/** A program in the pod: it answers each chunk with the port and the chunk, and ends after `bye`. */
function serve(port: number): ByteStream {
  const pair = new FakePair();
  const { a: program, b: stream } = pair;
  program.handler = {
    onData: (chunk) => {
      program.write(Buffer.from(`${port}:${Buffer.from(chunk)}`));
      if (Buffer.from(chunk).toString() === "bye") program.end();
    },
    onEnd: () => program.end(),
    onDrain: () => undefined,
    onClose: () => undefined,
  };
  const write = stream.write.bind(stream);
  stream.write = (bytes) => {
    write(bytes);
    void pair.run();
    return true;
  };
  const end = stream.end.bind(stream);
  stream.end = () => {
    end();
    void pair.run();
  };
  return stream;
}

test("our own client reaches a port", async () => {
  const asked: PodPort[] = [];
  node.connect = async (to) => {
    asked.push(to);
    return serve(to.port);
  };
  const access = {
    server: fake.url,
    ca: fake.authority.anchorsPem,
    token: (): string => "admin",
  };
  const stream = await forwardPort(access, { namespace: "mesh", pod: "p", port: 8086 });
  const { promise, resolve } = Promise.withResolvers<string>();
  const closed = Promise.withResolvers<Error | undefined>();
  stream.handler = {
    onData: (chunk) => resolve(Buffer.from(chunk).toString()),
    onEnd: () => undefined,
    onDrain: () => undefined,
    onClose: closed.resolve,
  };
  stream.write(Buffer.from("bye"));
  expect(await promise).toBe("8086:bye");
  expect(await closed.promise).toBeUndefined();
  expect(asked).toEqual([{ namespace: "mesh", pod: "p", port: 8086 }]);
});

test("every port has two channels that begin with it", async () => {
  node.connect = async ({ port }) => serve(port);
  const client = await ChannelClient.open(fake, `${PATH}?ports=258,80&ports=81`, V4);
  client.send(2, "hi");
  expect((await client.until(2, (bytes) => bytes.length > 2)).toString()).toBe("P\0" + "80:hi");
  expect([...client.of(0)]).toEqual([2, 1]);
  expect([...client.of(5)]).toEqual([81, 0]);
  client.send(0, "bye");
  client.send(9, "nobody");
  client.send(1, "nobody");
  expect((await client.until(0, (bytes) => bytes.length > 5)).subarray(2).toString()).toBe(
    "258:bye",
  );
  client.socket.close();
  expect(await client.closed).toStartWith("1000");
});

test("a port that cannot be reached is told on its error channel", async () => {
  const client = await ChannelClient.open(fake, `${PATH}?ports=80`, V4);
  expect(await client.closed).toBe("1000 ");
  expect(client.of(1).subarray(2).toString()).toBe("connection refused");
  expect(client.of(0).length).toBe(2);
});

test.each([
  ["", "is required"],
  ["?ports=x", "as a port"],
  ["?ports=0", "unable to parse"],
  ["?ports=65536", "unable to parse"],
])("ports %p are refused", async (query, message) => {
  const answer = await fake.ask(`${PATH}${query}`, {
    headers: {
      connection: "Upgrade",
      upgrade: "websocket",
      "sec-websocket-version": "13",
      "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ==",
      "sec-websocket-protocol": "v4.channel.k8s.io",
    },
  });
  expect([answer.status, await answer.text()]).toEqual([400, expect.stringContaining(message)]);
});
