#!/usr/bin/env node
// Asks at a steady rate, whatever comes back, until its standard input ends: load.js IP:PORT AUTHORITY RATE [PATH];
// prints how many answers of each kind came, as "STATUS BACKEND", and how many requests were lost.
import http from "node:http";

const [address, authority, rate, path = "/"] = process.argv.slice(2);
const [, host, port] = /^\[?([^\]]+)\]?:(\d+)$/.exec(address);
const agent = new http.Agent({ keepAlive: true, maxSockets: 32 });
const answers = {};
let [sent, over, stopped] = [0, 0, false];

function ask() {
  sent += 1;
  const done = (what) => {
    over += 1;
    answers[what] = (answers[what] ?? 0) + 1;
  };
  const request = http.get({ host, port, path, agent, headers: { host: authority }, timeout: 10_000 }, (response) => {
    response.resume();
    response.on("end", () => done(`${response.statusCode} ${response.headers["x-backend"] ?? ""}`.trim()));
    response.on("error", (error) => done(`lost ${error.message}`));
  });
  request.on("timeout", () => request.destroy(new Error("no answer in 10 s")));
  request.on("error", (error) => done(`lost ${error.message}`));
}

// From the scheduled instant: what a slow moment delayed is made up for.
const begun = performance.now();
const timer = setInterval(() => {
  if (stopped) {
    if (over < sent) return;
    clearInterval(timer);
    agent.destroy();
    console.log(JSON.stringify({ sent, answers }));
    return;
  }
  const wanted = ((performance.now() - begun) / 1000) * Number(rate);
  while (sent < wanted) ask();
}, 5);
process.stdin.resume().on("end", () => {
  stopped = true;
});
