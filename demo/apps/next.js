#!/usr/bin/env node
// next: the version of web that is to come, and is not ready for it: it fails every third request with a 503, and
// thinks for three seconds about /api/report. For the canary, retries, timeout and limit of demo/policy.
import http from "node:http";

let asked = 0;
const server = http.createServer((request, response) => {
  const { pathname, searchParams } = new URL(request.url, "http://web");
  const choice = searchParams.get("choice");
  const answer = (status, body) => {
    response.writeHead(status, { "content-type": "application/json", "x-version": "next" });
    response.end(JSON.stringify({ version: "next", ...body }));
  };
  if (pathname === "/ready") return answer(200, {});
  if (pathname === "/api/report") return setTimeout(() => answer(200, { report: "all is well" }), 3_000);
  if (asked++ % 3 === 2) return answer(503, { error: "not ready for it" });
  if (choice === "doughnut") return answer(500, { error: "no more doughnuts here, too" });
  answer(200, { voted: choice });
});
server.listen(8080, () => console.log("next listens on 8080"));
process.on("SIGTERM", () => server.close(() => process.exit(0)));
