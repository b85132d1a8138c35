/** h2spec against the ports where the proxies take HTTP/2. */

import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer, type Http2Server } from "node:http2";
import { tmpdir } from "node:os";
import { run } from "../grpc/program.ts";
import type { Report, Suite } from "../suite.ts";
import { goProgram } from "../tools.ts";
import { DOORS, type Door, Http2Bed } from "./bed.ts";

/** Newer tags are not on the module proxy; v2 tags lack the path, hence the suffix. */
const MODULE = "github.com/summerwind/h2spec/cmd/h2spec@v2.2.1+incompatible";
const CASES = 146;
const TIMES = 2;
const LIMIT_MS = 120_000;
/** So many seconds h2spec waits for what should come. */
const PATIENCE_S = 2;

/** All of it, strict cases too, twice at each door: nothing of it may depend on luck. */
export const h2spec: Suite = {
  name: "h2spec",
  quick: false,
  needs: ["go"],
  run: async (report) => {
    const program = await goProgram(MODULE, "h2spec");
    const app = await startApp();
    const bed = new Http2Bed();
    try {
      await bed.start(portOf(app));
      for (const door of DOORS)
        for (let time = 1; time <= TIMES; time++)
          await runAt(report, { program, door, port: bed.port(door), time });
    } finally {
      await bed.stop();
      app.close();
    }
  },
};

interface Round {
  readonly program: string;
  readonly door: Door;
  readonly port: number;
  readonly time: number;
}

async function runAt(report: Report, { program, door, port, time }: Round): Promise<void> {
  const folder = mkdtempSync(`${tmpdir()}/h2spec-`);
  const junit = `${folder}/report.xml`;
  const flags = ["-h", "127.0.0.1", "-p", String(port), "-S", "-j", junit, "-o", `${PATIENCE_S}`];
  try {
    const { output } = await run([program, ...flags], LIMIT_MS);
    const cases = readCases(readFileSync(junit, "utf8"));
    const name = (each: Case): string => `${door} ${time}: ${each.section} ${each.description}`;
    for (const each of cases)
      if (each.failure === undefined) report.passed(name(each));
      else report.failed(name(each), each.failure);
    if (cases.length !== CASES)
      report.failed(`${door} ${time}`, `${cases.length} cases ran, not ${CASES}: ${output}`);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

interface Case {
  readonly section: string;
  readonly description: string;
  readonly failure: string | undefined;
}

/** The cases in a report of JUnit's form, as h2spec writes it. */
function readCases(xml: string): Case[] {
  const cases: Case[] = [];
  for (const [, attributes = "", rest = ""] of xml.matchAll(
    /<testcase ([^>]*?)>([\s\S]*?)<\/testcase>/g,
  )) {
    const [, section = ""] = /package="([^"]*)"/.exec(attributes) ?? [];
    const [, description = ""] = /classname="([^"]*)"/.exec(attributes) ?? [];
    const [, failure] = /<(?:failure|error|skipped)[^>]*>([\s\S]*?)<\//.exec(rest) ?? [];
    cases.push({ section, description, failure: failure?.replaceAll(/\s+/g, " ") });
  }
  return cases;
}

/** An application that answers whole requests, so that what is wrong with one is seen before its answer. */
async function startApp(): Promise<Http2Server> {
  const app = createServer((request, response) => {
    request.on("end", () => {
      response.writeHead(200, { "content-type": "text/plain" });
      response.end("x".repeat(1024));
    });
    request.resume();
  });

  app.on("sessionError", () => undefined);
  await new Promise<void>((resolve) => app.listen(0, "127.0.0.1", resolve));
  return app;
}

function portOf(app: Http2Server): number {
  const address = app.address();
  if (address === null || typeof address === "string") throw new Error("Cannot start: no port");
  return address.port;
}
