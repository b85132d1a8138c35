import { expect, test } from "bun:test";
import { serveHttp1 } from "#lib/http-io/http1-server.ts";
import { LogStreams } from "#lib/log/log-streams.ts";
import type { TcpStream } from "#lib/net/tcp-stream.ts";
import { systemClock as clock } from "#lib/sys/system-clock.ts";
import { until } from "../../test/fake/mesh.ts";
import { RecordedLog } from "../../test/fake/recorded-log.ts";
import type { LocalOptions } from "../inbound/start.ts";
import { startAdmin } from "./start.ts";

const onFault = (error: Error): void => {
  throw error;
};

/** An inbound side that lets everybody in, and the port. */
function setup() {
  const told: string[] = [];
  const streams = new LogStreams();
  const serveLocal = (stream: TcpStream, { connections, local }: LocalOptions): void => {
    const connection = serveHttp1(
      stream,
      {
        onRequest: (request) => local(request, stream.remoteAddress),
        onConnectionClose: () => void connections.delete(connection),
      },
      { clock },
    );
    connections.add(connection);
  };
  const admin = startAdmin(
    { ip: "127.0.0.1", port: 0 },
    {
      runtime: { clock, log: new RecordedLog().logger, onFault },
      inbound: { serveLocal },
      source: {
        ready: true,
        metrics: () => "# EOF\n",
        variables: {},
        logFilter: "info",
        setLogFilter: (filter) => void told.push(filter),
        streams,
        shutdown: () => void admin.stop(),
      },
    },
  );
  const ask = (path: string, init: RequestInit = {}): Promise<Response> =>
    fetch(`http://127.0.0.1:${admin.port}${path}`, init);
  return { admin, ask, told, streams };
}

test("ADMIN2, ADMIN4: startAdmin() answers whom the inbound side lets in, by what they send and where they are", async () => {
  const { admin, ask, told } = setup();
  expect(await (await ask("/live")).text()).toBe("live\n");
  expect((await ask("/proxy-log-level", { method: "PUT", body: "debug" })).status).toBe(204);
  expect(told).toEqual(["debug"]);
  await admin.stop();
});

test("ADMIN6: whoever asks for the end is answered, and nobody after that", async () => {
  const { ask } = setup();
  const answer = await ask("/shutdown", { method: "POST" });
  expect([answer.status, await answer.text()]).toEqual([200, "shutdown\n"]);
  expect(ask("/live", { keepalive: false })).rejects.toThrow();
});

test("ADMIN5: the log is followed by a filter, until whoever reads goes", async () => {
  const { admin, ask, streams } = setup();
  const abort = new AbortController();
  const answer = await ask("/logs.json?warn,linkerd=debug", { signal: abort.signal });
  expect([answer.status, answer.headers.get("content-type")]).toEqual([200, "application/json"]);
  const reader = answer.body?.getReader();
  streams.write("trace", "linkerd", '{"no":1}');
  streams.write("debug", "linkerd", '{"yes":1}');
  const { value } = (await reader?.read()) ?? {};
  expect(new TextDecoder().decode(value)).toBe('{"yes":1}\n');
  abort.abort();
  await until(
    () => !streams.wants("error", "linkerd"),
    () => "it is written for nobody",
  );
  await admin.stop();
});
