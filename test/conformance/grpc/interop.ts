/** gRPC's own interoperability cases: grpc-go's client, both proxies, and grpc-go's server. */

import type { Report, Suite } from "../suite.ts";
import { goProgram } from "../tools.ts";
import { startPair } from "./pair.ts";
import { freePort, lastLine, run, untilListening } from "./program.ts";

const MODULE = "google.golang.org/grpc/interop";
const VERSION = "v1.83.1";
/** What the client knows, but for what needs credentials of a cloud. */
const CASES = [
  "empty_unary",
  "large_unary",
  "client_streaming",
  "server_streaming",
  "ping_pong",
  "empty_stream",
  "timeout_on_sleeping_server",
  "cancel_after_begin",
  "cancel_after_first_response",
  "status_code_and_message",
  "special_status_message",
  "custom_metadata",
  "unimplemented_method",
  "unimplemented_service",
  "orca_per_rpc",
  "orca_oob",
  "rpc_soak",
  "channel_soak",
] as const;
/** One that cannot pass: it asks for the server's own name, which grpc-go's server does not say (its script leaves it out). */
const UNSERVED = "pick_first_unary";
/** How grpc-go's own script has the client look at load reports. */
const LOAD_REPORTS =
  '--service_config_json={"loadBalancingConfig":[{"test_backend_metrics_load_balancer":{}}]}';
const CASE_LIMIT_MS = 60_000;
/** The application's TLS is its own: the mesh relays it as it is. */
const TLS = ["--use_tls", "--use_test_ca", "--server_host_override=foo.test.google.fr"];

/** Every case in cleartext, as the proxies see requests, and with TLS of the application's own, which they relay. */
export const grpcInterop: Suite = {
  name: "grpc-interop",
  quick: false,
  needs: ["go"],
  run: async (report) => {
    const client = await goProgram(`${MODULE}/client@${VERSION}`, "grpc-interop-client");
    const server = await goProgram(`${MODULE}/server@${VERSION}`, "grpc-interop-server");
    await runCases(report, { client, server, form: "cleartext", serverFlags: [], clientFlags: [] });
    await runCases(report, {
      client,
      server,
      form: "tls of the application",
      serverFlags: ["--use_tls"],
      clientFlags: TLS,
    });
  },
};

async function runCases(
  report: Report,
  how: {
    readonly client: string;
    readonly server: string;
    readonly form: string;
    readonly serverFlags: readonly string[];
    readonly clientFlags: readonly string[];
  },
): Promise<void> {
  const port = await freePort();
  const server = Bun.spawn([how.server, `--port=${port}`, ...how.serverFlags], {
    stdio: ["ignore", "ignore", "ignore"],
  });
  await untilListening(port);
  const pair = await startPair({ port });
  try {
    for (const name of CASES) {
      const flags = [`--server_host=127.0.0.1`, `--server_port=${pair.port}`, ...how.clientFlags];
      if (name.startsWith("orca")) flags.push(LOAD_REPORTS);
      const ended = await run([how.client, ...flags, `--test_case=${name}`], CASE_LIMIT_MS);
      if (ended.code === 0) report.passed(name);
      else report.failed(`${name} (${how.form})`, lastLine(ended));
    }
    report.skipped(`${UNSERVED} (${how.form})`, "grpc-go's server does not say its name");
  } finally {
    await pair.stop();
    server.kill("SIGKILL");
    await server.exited;
  }
}
