#!/usr/bin/env node
// shop: answers on 8080 with its own name; told to end it closes its listener, and is gone with its last connection.
// With RATE it works off so many requests a second, one after another, but for those whose callers are gone; with FAIL,
// a share, it fails. What it has counted is on 9999, where /fail?share=N changes the share.
import http from "node:http";

const name = process.env.NAME ?? process.env.HOSTNAME;
const rate = Number(process.env.RATE ?? 0);
let fail = Number(process.env.FAIL ?? 0);
const queue = [];
let counted = 0;

const answer = (response) => {
  response.statusCode = Math.random() < fail ? 503 : 200;
  response.end(`${name}\n`);
};
const work = () => {
  let next = queue.shift();
  while (next?.destroyed) next = queue.shift();
  if (next) answer(next);
};
if (rate > 0) setInterval(work, 1000 / rate);

const server = http.createServer((request, response) => {
  if (request.url === "/ready") {
    response.end();
    return;
  }
  counted += 1;
  if (rate > 0) queue.push(response);
  else answer(response);
});
server.listen(8080);
http
  .createServer((request, response) => {
    const share = new URL(request.url, "http://shop").searchParams.get("share");
    if (share !== null) fail = Number(share);
    response.end(String(counted));
  })
  .listen(9999)
  .unref();
process.on("SIGTERM", () => server.close(() => process.exit(0)));
