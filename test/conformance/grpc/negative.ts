/** gRPC's negative HTTP/2 cases: grpc-go's client, both proxies, and a server that misbehaves. */

import type { Report, Suite } from "../suite.ts";
import { goProgram } from "../tools.ts";
import { type NegativeCase, type Seen, startNegativeServer } from "./negative-server.ts";
import { startPair } from "./pair.ts";
import { lastLine, run } from "./program.ts";

const MODULE = "google.golang.org/grpc/interop/http2@v1.83.1";
const CASE_LIMIT_MS = 30_000;
/** Each case, and what the server must have seen of the proxy that called it; the client judges the rest. */
const CASES: Readonly<Record<NegativeCase, (seen: Seen) => boolean>> = {
  goaway: ({ connections }) => connections === 2,
  rst_after_header: () => true,
  rst_during_data: () => true,
  rst_after_data: () => true,
  ping: ({ pings, acknowledged }) => pings > 20 && acknowledged === pings,
  max_streams: ({ aboveLimit }) => aboveLimit === 0,
};

/**
 * grpc-go's own program expects UNKNOWN here, and grpc-go gives INTERNAL, also with no proxy between: so that is what a
 * reset in the middle of a message must look like.
 */
const RESET_IN_MESSAGE = /UnaryCall\(\) = _, Internal, want _, Unknown$/;

/** The client must get through what a client of HTTP/2 gets through, with the proxies in its place. */
export const grpcNegative: Suite = {
  name: "grpc-negative",
  quick: false,
  needs: ["go"],
  run: async (report) => {
    const client = await goProgram(MODULE, "grpc-interop-http2");
    for (const name of Object.keys(CASES)) await runCase(report, client, name as NegativeCase);
  },
};

async function runCase(report: Report, client: string, name: NegativeCase): Promise<void> {
  const server = await startNegativeServer(name);
  const pair = await startPair({ port: server.port });
  const flags = ["--server_host=127.0.0.1", `--server_port=${pair.port}`, `--test_case=${name}`];
  const ended = await run([client, ...flags], CASE_LIMIT_MS);
  const asWithout = name === "rst_during_data" && RESET_IN_MESSAGE.test(lastLine(ended));
  if (ended.code !== 0 && !asWithout) report.failed(name, lastLine(ended));
  else if (!CASES[name](server.seen))
    report.failed(name, `the server saw ${JSON.stringify(server.seen)}`);
  else report.passed(name);
  await pair.stop();
  server.stop();
}
