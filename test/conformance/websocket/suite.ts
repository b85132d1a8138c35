/** WebSocket through both proxies: the client and the server of `ws`, and the runtime's own. */

import { startPair } from "../grpc/pair.ts";
import type { Report, Suite } from "../suite.ts";
import { BUN_CASES, ECHO_CASES, type WebSocketCase, WS_CASES } from "./cases.ts";
import { type EchoServer, startBunServer, startWsServer } from "./peer.ts";

const CASE_LIMIT_MS = 20_000;

/** Echoes, fragments, pings, compression and closes, with nothing of them seen by the mesh. */
export const webSocket: Suite = {
  name: "websocket",
  quick: true,
  needs: [],
  run: async (report) => {
    await runCases(report, await startWsServer(), [...WS_CASES, ...BUN_CASES]);
    await runCases(report, startBunServer(), [...ECHO_CASES, ...BUN_CASES]);
  },
};

async function runCases(
  report: Report,
  server: EchoServer,
  cases: readonly WebSocketCase[],
): Promise<void> {
  const pair = await startPair({ port: server.port });
  try {
    for (const { name, run } of cases)
      try {
        await Promise.race([run(`ws://127.0.0.1:${pair.port}`), late()]);
        report.passed(name);
      } catch (error) {
        report.failed(name, error instanceof Error ? error.message : String(error));
      }
  } finally {
    await pair.stop();
    server.stop();
  }
}

async function late(): Promise<never> {
  await Bun.sleep(CASE_LIMIT_MS);
  throw new Error("it did not end in time");
}
