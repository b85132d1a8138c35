/** Connect's conformance cases, for Connect, gRPC and gRPC-Web: reference client, both proxies, reference server. */

import type { Report, Suite } from "../suite.ts";
import { goProgram } from "../tools.ts";
import type { Role } from "./connect-program.ts";
import { type Ended, lastLine, run } from "./program.ts";

const MODULE = "connectrpc.com/conformance/cmd";
const VERSION = "v1.0.5";
const FOLDER = new URL(".", import.meta.url).pathname;
const LIMIT_MS = 600_000;

/**
 * With the reference server behind the proxies, Connect's and Google's clients call it; with the reference client in
 * front of them, servers also answer what no correct server would.
 */
export const connectConformance: Suite = {
  name: "connectconformance",
  quick: false,
  needs: ["go"],
  run: async (report) => {
    const runner = await goProgram(`${MODULE}/connectconformance@${VERSION}`, "connectconformance");
    for (const role of ["server", "client"] as const) {
      const name = `reference${role}`;
      const reference = await goProgram(`${MODULE}/${name}@${VERSION}`, `connect-${name}`);
      const program = [process.execPath, `${FOLDER}connect-program.ts`, role, reference];
      const flags = ["--conf", `${FOLDER}connect.yaml`, "--mode", role];
      count(report, role, await run([runner, ...flags, "--", ...program], LIMIT_MS));
    }
  },
};

/** Reads the runner's last lines, and the names of what failed. */
function count(report: Report, role: Role, ended: Ended): void {
  const [, passed, failed] = /^(\d+) passed, (\d+) failed/m.exec(ended.output) ?? [];
  if (passed === undefined || failed === undefined) {
    report.failed(`with the reference ${role}`, lastLine(ended));
    return;
  }
  report.passed(role, Number(passed));
  report.say(`${passed} of ${Number(passed) + Number(failed)} with the reference ${role}`);
  const names = [...ended.output.matchAll(/^FAILED: (.+):\n\s*(.+)$/gm)];
  for (let i = 0; i < Number(failed); i++)
    report.failed(names[i]?.[1] ?? `${role} ${i}`, names[i]?.[2] ?? "see the runner's output");
}
