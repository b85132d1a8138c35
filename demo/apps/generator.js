#!/usr/bin/env node
// generator: asks web at a steady rate, whatever comes back, and tells at :8080/stats what came. Never retries.
// RATE is requests a second; POST /rate changes it. One vote in 25 is for the doughnut, which fails.
import http from "node:http";

const { TARGET = "http://web", RATE = "20", FAILING = "25" } = process.env;
const agent = new http.Agent({ keepAlive: true, maxSockets: 64 });
const choices = ["sushi", "pizza", "taco", "rocket", "tada", "snail", "cactus"];
const stats = { sent: 0, ok: 0, failed: 0, lost: 0, errors: {} };
let rate = Number(RATE);
let stopped = false;

const lost = (why) => {
  stats.lost += 1;
  stats.errors[why] = (stats.errors[why] ?? 0) + 1;
};

function ask() {
  const number = stats.sent++;
  const failing = Number(FAILING) > 0 && number % Number(FAILING) === Number(FAILING) - 1;
  const choice = failing ? "doughnut" : choices[number % choices.length];
  const request = http.get(`${TARGET}/api/vote?choice=${choice}`, { agent, timeout: 10_000 }, (response) => {
    let text = "";
    response.on("data", (chunk) => (text += chunk));
    response.on("end", () => {
      const meant = failing ? response.statusCode === 500 && text.includes("doughnut") : response.statusCode === 200;
      if (!meant) lost(`${response.statusCode} ${text.slice(0, 120)}`);
      else if (failing) stats.failed += 1;
      else stats.ok += 1;
    });
    response.on("error", (error) => lost(error.message));
  });
  request.on("timeout", () => request.destroy(new Error("no answer in 10 s")));
  request.on("error", (error) => lost(error.message));
}

// From the scheduled instant: what a slow moment delayed is made up for.
let begun = performance.now();
let due = 0;
setInterval(() => {
  if (stopped) return;
  const wanted = ((performance.now() - begun) / 1000) * rate;
  for (; due < wanted; due += 1) ask();
}, 5);

const server = http.createServer((request, response) => {
  const { pathname, searchParams } = new URL(request.url, "http://generator");
  if (pathname === "/rate") {
    rate = Number(searchParams.get("rps"));
    begun = performance.now();
    due = 0;
  }
  response.end(`${JSON.stringify({ rate, ...stats })}\n`);
});
server.listen(8080);
process.on("SIGTERM", () => {
  stopped = true;
  server.close();
  setTimeout(() => process.exit(0), 500);
});
