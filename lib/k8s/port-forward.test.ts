import { expect, test } from "bun:test";
import { forwardPort } from "./port-forward.ts";

/** A kubelet's end: it sends the port on both channels and echoes data, or fails. */
function serve(problem?: string): { readonly url: string; readonly asked: string[]; stop(): void } {
  const asked: string[] = [];
  const server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    fetch: (request, self) => {
      const { pathname, search } = new URL(request.url);
      asked.push(
        `${pathname}${search} ${request.headers.get("authorization")} ${request.headers.get("sec-websocket-protocol")}`,
      );
      if (pathname.includes("refused")) return new Response("no", { status: 403 });
      return self.upgrade(request, { headers: { "sec-websocket-protocol": "v4.channel.k8s.io" } })
        ? undefined
        : new Response("no", { status: 400 });
    },
    websocket: {
      open: (socket) => {
        socket.send(new Uint8Array([0, 0x96, 0x1f]));
        socket.send(new Uint8Array([1, 0x96, 0x1f]));
        if (problem !== undefined)
          socket.send(new Uint8Array([1, ...new TextEncoder().encode(problem)]));
      },
      message: (socket, data) => void socket.send(data),
    },
  });
  return { url: `http://127.0.0.1:${server.port}`, asked, stop: () => void server.stop(true) };
}

const to = { namespace: "linkerd", pod: "a", port: 8086 };

test("bytes go both ways, without the port that each channel begins with", async () => {
  const { url, asked, stop } = serve();
  try {
    const stream = await forwardPort({ server: url, token: () => "t" }, to);
    expect(stream).toMatchObject({ remoteAddress: "linkerd/a", remotePort: 8086 });
    const echoed = new Promise<string>((resolve) => {
      stream.handler = {
        onData: (chunk) => resolve(new TextDecoder().decode(chunk)),
        onEnd: () => undefined,
        onDrain: () => undefined,
        onClose: () => undefined,
      };
    });
    stream.write(new TextEncoder().encode("ping"));
    expect(await echoed).toBe("ping");
    expect(asked).toEqual([
      "/api/v1/namespaces/linkerd/pods/a/portforward?ports=8086 Bearer t v4.channel.k8s.io",
    ]);
    stream.destroy();
  } finally {
    stop();
  }
});

test("a port that nobody listens on ends the stream with the reason", async () => {
  const { url, stop } = serve("connection refused");
  try {
    const stream = await forwardPort({ server: url }, to);
    const error = await new Promise<Error | undefined>((resolve) => {
      stream.handler = {
        onData: () => undefined,
        onEnd: () => undefined,
        onDrain: () => undefined,
        onClose: resolve,
      };
    });
    expect(error?.message).toBe("Cannot reach port 8086 of pod linkerd/a: connection refused");
  } finally {
    stop();
  }
});

test("an API server that refuses, or is away, is told", async () => {
  const { url, stop } = serve();
  try {
    const refused = await forwardPort({ server: url }, { ...to, pod: "refused" }).then(
      String,
      String,
    );
    expect(refused).toContain("Cannot reach port 8086 of pod linkerd/refused");
  } finally {
    stop();
  }
  expect(await forwardPort({ server: "http://127.0.0.1:1" }, to).then(String, String)).toContain(
    "Cannot reach port 8086",
  );
});
