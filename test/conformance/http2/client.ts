/** The client's role: every MUST of RFC 9113 that binds it, against a server that says what a case wants. */

import type { Report, Suite } from "../suite.ts";
import { type ClientCase, play } from "./client-case.ts";
import { FRAME_CASES } from "./client-frames.ts";
import { MESSAGE_CASES } from "./client-messages.ts";
import { STREAM_CASES } from "./client-streams.ts";
import { WINDOW_CASES } from "./client-windows.ts";
import { ScriptedConnection } from "./scripted-server.ts";

/** Each with its section; h2spec has no such cases that the module proxy knows. */
export const http2Client: Suite = {
  name: "http2-client",
  quick: true,
  needs: [],
  run: async (report) => {
    for (const each of [...STREAM_CASES, ...FRAME_CASES, ...WINDOW_CASES, ...MESSAGE_CASES])
      await runCase(report, each);
  },
};

async function runCase(report: Report, each: ClientCase): Promise<void> {
  const connection = new ScriptedConnection(each.options ?? {});
  const name = `RFC 9113 §${each.section}: ${each.must}`;
  try {
    const why = await play(each, connection);
    if (why === undefined) report.passed(name);
    else report.failed(name, why);
  } catch (error) {
    report.failed(name, String(error));
  } finally {
    await connection.stop();
  }
}
