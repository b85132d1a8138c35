import { afterAll, expect, test } from "bun:test";
import { forwardPort } from "#lib/k8s/port-forward.ts";
import type { Pod } from "#lib/k8s/types/core.ts";
import type { ByteStream } from "#lib/net/byte-stream.ts";
import { fakeCluster, runCommand } from "../../test/fake/cli.ts";
import { pod } from "../../test/fake/mesh-objects.ts";
import { TlsDoor } from "../../test/fake/tls-door.ts";

const NAME = "web.shop.serviceaccount.identity.linkerd.cluster.local";
const door = new TlsDoor(NAME);
afterAll(() => door.stop());

/** A meshed pod whose proxy has the variables that the injector gives it. */
function meshed(name: string): Pod {
  const one = pod(name, { namespace: "shop", app: "web" });
  const [proxy] = one.spec?.initContainers ?? [];
  if (proxy === undefined || one.spec === undefined) throw new Error("Cannot test: no proxy");
  one.spec.serviceAccountName = "web";
  proxy.env = [
    { name: "_pod_ns", valueFrom: { fieldRef: { fieldPath: "metadata.namespace" } } },
    { name: "_pod_sa", valueFrom: { fieldRef: { fieldPath: "spec.serviceAccountName" } } },
    {
      name: "LINKERD2_PROXY_IDENTITY_LOCAL_NAME",
      value: "$(_pod_sa).$(_pod_ns).serviceaccount.identity.linkerd.cluster.local",
    },
  ];
  return one;
}

const client = fakeCluster([
  meshed("web-1"),
  meshed("web-2"),
  pod("db", { namespace: "shop", meshed: false }),
]);
const dialled: string[] = [];
const forward = ({ pod: name, port }: { pod: string; port: number }) => {
  dialled.push(`${name}:${port}`);
  return name === "web-2" ? Promise.reject(new Error("Cannot reach it")) : door.dial();
};

/** Time stands still: the answer comes first. */
const onSleep = (): Promise<void> => new Promise(() => undefined);

test("identity prints what the proxy shows", async () => {
  const { status, out } = await runCommand(["identity", "-n", "shop", "web-1"], {
    client,
    forward,
    onSleep,
  });
  expect(status).toBe(0);
  expect(out).toStartWith("\nPOD web-1 (1 of 1)\n\nCertificate:\n    Data:\n");
  expect(out).toContain(`DNS:${NAME}`);
  expect(dialled).toContain("web-1:4143");
});

test("identity takes a selector, goes on after a proxy that does not answer, and then fails", async () => {
  const { status, out, err } = await runCommand(["identity", "-n", "shop", "-l", "app=web"], {
    client,
    forward,
    onSleep,
  });
  expect([status, err]).toEqual([1, ""]);
  expect(out).toContain("POD web-1 (1 of 2)\n\nCertificate:");
  expect(out).toContain("POD web-2 (2 of 2)\n\nCannot read certificate: Cannot reach it\n");
});

test.each([
  [["identity"], "name pods, or choose them with --selector"],
  [["identity", "-n", "shop", "db"], "Cannot find a meshed pod of these in namespace shop"],
  [["identity", "-n", "shop", "gone"], "Cannot find pod/gone in namespace shop"],
])("%j is refused", async (words, problem) => {
  const { status, err } = await runCommand(words, { client, forward });
  expect(status).toBe(1);
  expect(err).toContain(problem);
});

test("identity does not wait for ever", async () => {
  const never = { client, forward: () => new Promise<never>(() => undefined) };
  const { status, out } = await runCommand(["identity", "-n", "shop", "web-1"], never);
  expect(status).toBe(1);
  expect(out).toContain("Cannot read certificate: no answer in 10000 ms\n");
});

test("identity works through the API server's port-forward", async () => {
  const links = new Map<unknown, ByteStream>();
  const server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    fetch: (request, self) => {
      self.upgrade(request, { headers: { "sec-websocket-protocol": "v4.channel.k8s.io" } });
    },
    websocket: {
      open: async (socket) => {
        for (const channel of [0, 1]) socket.send(new Uint8Array([channel, 0x10, 0x2f]));
        const link = await door.dial();
        links.set(socket, link);
        link.handler = {
          onData: (chunk) => void socket.send(new Uint8Array([0, ...chunk])),
          onEnd: () => socket.close(),
          onDrain: () => undefined,
          onClose: () => socket.close(),
        };
        const early = waiting.splice(0);
        for (const chunk of early) link.write(chunk);
      },
      message: (socket, data) => {
        const bytes = new Uint8Array(data as unknown as Uint8Array).subarray(1);
        const link = links.get(socket);
        if (link === undefined) waiting.push(bytes);
        else link.write(bytes);
      },
    },
  });
  const waiting: Uint8Array[] = [];
  try {
    const { status, out } = await runCommand(["identity", "-n", "shop", "web-1"], {
      client,
      forward: (to) => forwardPort({ server: `http://127.0.0.1:${server.port}` }, to),
      onSleep,
    });
    expect(out).toContain(`DNS:${NAME}`);
    expect(status).toBe(0);
  } finally {
    await server.stop(true);
  }
});
