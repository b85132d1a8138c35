/** The program of the sample pods: it answers, says that it is well, calls, or makes load as the load generator does. */

import { createServer } from "node:http";
import { createServer as createHttp2Server, type ServerHttp2Stream } from "node:http2";
import { main as load } from "../../bench/load/main.ts";

const HELP = `serve PORT…    answers on each with its own name, and below /headers with the headers that it got
health PORT    says SERVING to gRPC health checks
call URL…      prints what each answers, a line each; ends with 1 where one does not
load …         as the load generator`;

/** Told to end, it tells its callers for so long, in milliseconds, that they have had their last answer of it. */
const FAREWELL_MS = 2_000;

/** Answers until it is told to end; then it says so with each answer for a while, and ends. */
function serve(ports: readonly number[]): void {
  let ending = false;
  const servers = ports.map((port) =>
    createServer((request, response) => {
      const body =
        request.url === "/headers"
          ? JSON.stringify(request.headers)
          : `hello from ${Bun.env["HOSTNAME"] ?? ""} at ${port}`;
      if (ending) response.setHeader("connection", "close");
      response.end(`${body}\n`);
    }).listen(port),
  );
  process.on("SIGTERM", () => {
    ending = true;
    setTimeout(() => {
      for (const server of servers) {
        server.close();
        server.closeIdleConnections();
      }
    }, FAREWELL_MS);
  });
}

/** A gRPC message: not compressed, two bytes long, field 1 is 1 (SERVING of grpc.health.v1). */
const SERVING = Uint8Array.of(0, 0, 0, 0, 2, 8, 1);

function health(port: number): void {
  const server = createHttp2Server();
  server.on("stream", (stream: ServerHttp2Stream) => {
    stream.resume();
    stream.respond(
      { ":status": 200, "content-type": "application/grpc" },
      { waitForTrailers: true },
    );
    stream.on("wantTrailers", () => stream.sendTrailers({ "grpc-status": "0" }));
    stream.end(SERVING);
  });
  server.listen(port);
  process.on("SIGTERM", () => process.exit());
}

const CALL_TIMEOUT_MS = 10_000;

async function call(urls: readonly string[]): Promise<void> {
  for (const url of urls) {
    const response = await fetch(url, { signal: AbortSignal.timeout(CALL_TIMEOUT_MS) });
    process.stdout.write(`${response.status} ${(await response.text()).trim()}\n`);
    if (!response.ok) process.exitCode = 1;
  }
}

const [role = "", ...words] = process.argv.slice(2);
if (role === "serve") serve(words.map(Number));
else if (role === "health") health(Number(words[0]));
else if (role === "call") await call(words);
else if (role === "load") {
  process.exitCode = await load(words, (text) => void process.stdout.write(text));
  process.exit();
} else {
  process.stderr.write(`Cannot run ${role}:\n${HELP}\n`);
  process.exitCode = 2;
}
