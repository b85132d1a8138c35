/** The program of the sample pods: `serve PORT` answers, `load …` calls as the load generator does. */

import { createServer } from "node:http";
import { main as load } from "../../bench/load/main.ts";

/** Answers with its own name, and with the headers that it got below /headers, until it is told to end. */
function serve(port: number): void {
  const server = createServer((request, response) => {
    const body =
      request.url === "/headers"
        ? JSON.stringify(request.headers)
        : `hello from ${Bun.env["HOSTNAME"] ?? ""}`;
    response.end(`${body}\n`);
  });
  server.listen(port);
  process.on("SIGTERM", () => server.close(() => process.exit()));
}

const [role = "", ...words] = process.argv.slice(2);
if (role === "serve") serve(Number(words[0]));
else if (role === "load") {
  process.exitCode = await load(words, (text) => void process.stdout.write(text));
  process.exit();
} else {
  process.stderr.write(`Cannot run ${role}: it is serve or load\n`);
  process.exitCode = 2;
}
