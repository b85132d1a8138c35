#!/usr/bin/env node
// echo: a backend that says who it is and what it got: HTTP, HTTPS, gRPC and bytes. On 9999 it says what it has
// counted, and is told how to behave.
import { existsSync } from "node:fs";
import http from "node:http";
import http2 from "node:http2";
import https from "node:https";
import net from "node:net";
import grpc from "@grpc/grpc-js";
import { emojiService, votingService } from "../../../demo/apps/services.js";

// Both families, unless one address is said.
const every = existsSync("/proc/net/if_inet6") ? "::" : "0.0.0.0";
const { NAME: name, ADDRESS: address = every, TLS_KEY: key, TLS_CERTIFICATE: cert } = process.env;
const counted = { http: 0, https: 0, grpc: 0, tcp: 0 };
// What 9999/be?status=503&delay=100 asks of every request, until it is asked for something else.
let habit = new URLSearchParams();
const seen = new Map();

/** How often requests of this id were asked for before. */
function before(id) {
  const count = seen.get(id) ?? 0;
  seen.set(id, count + 1);
  return count;
}

// Behaviour of one request is asked for by its query: `status`; `delay` before the head and `stall` before the body's
// end, in milliseconds; `fail=2&id=X`: the first two requests of that id get `with`, 503 unless said; `slow=2&id=X`:
// only they are delayed.
function handle(request, response) {
  counted[request.socket.encrypted ? "https" : "http"] += 1;
  const { searchParams } = new URL(request.url, "http://echo");
  const asked = (what) => searchParams.get(what) ?? habit.get(what);
  const number = asked("id") === null ? 0 : before(asked("id"));
  const status = number < Number(asked("fail") ?? 0) ? Number(asked("with") ?? 503) : Number(asked("status") ?? 200);
  const isSlow = asked("slow") === null || number < Number(asked("slow"));
  let body = 0;
  const caller = request.socket.remoteAddress.replace("::ffff:", "");
  request.on("data", (chunk) => {
    body += chunk.length;
  });
  request.on("end", () =>
    setTimeout(() => {
      response.writeHead(status, { "content-type": "application/json", "x-backend": name, "x-from": name });
      const said = JSON.stringify({
        name,
        method: request.method,
        path: request.url,
        host: request.headers.host ?? request.headers[":authority"],
        headers: request.headers,
        body,
        caller,
      });
      if (asked("stall") === null) return response.end(said);
      response.write(said.slice(0, 10));
      setTimeout(() => response.end(said.slice(10)), Number(asked("stall")));
    }, isSlow ? Number(asked("delay") ?? 0) : 0),
  );
}

const ports = (first, last) => Array.from({ length: last - first + 1 }, (_, at) => first + at);
const [plain, framed] = [http.createServer(handle), http2.createServer(handle)];
/** Either version of HTTP, by the first byte that it has of its own: `PRI`, and no method that anybody sends, begins so. */
const either = (socket) =>
  socket.once("data", (chunk) => {
    socket.pause();
    socket.unshift(chunk);
    (String(chunk).startsWith("PRI") ? framed : plain).emit("connection", socket);
    process.nextTick(() => socket.resume());
  });
for (const port of [8080, ...ports(8101, 8150)]) net.createServer(either).on("connection", (socket) => socket.on("error", () => socket.destroy())).listen(port, address);
if (key) https.createServer({ key, cert }, handle).listen(8443, address);

// A call says by its metadata what it wants: `code`; `fail`, `id` and `delay` as above.
function call({ request, metadata }, answer) {
  counted.grpc += 1;
  const asked = (what) => metadata.get(what)[0];
  const told = new grpc.Metadata();
  told.set("x-backend", name);
  for (const [field, value] of Object.entries(metadata.getMap())) if (field.startsWith("x-")) told.set(`got-${field}`, value);
  const number = asked("id") === undefined ? 0 : before(asked("id"));
  const fails = asked("fail") === undefined ? asked("code") !== undefined : number < Number(asked("fail"));
  setTimeout(() => {
    if (fails) answer({ code: Number(asked("code") ?? 14), details: "as asked", metadata: told });
    else answer(null, request, told);
  }, Number(asked("delay") ?? 0));
}
const calls = new grpc.Server();
calls.addService(votingService, {
  vote: call,
  results: call,
  chat: (stream) => {
    counted.grpc += 1;
    stream.on("data", (message) => stream.write(message));
    stream.on("end", () => stream.end());
  },
});
calls.addService(emojiService, { listAll: call, find: call, watch: (stream) => stream.end() });
for (const port of [9090, ...ports(9101, 9110)])
  calls.bindAsync(address.includes(":") ? `[${address}]:${port}` : `${address}:${port}`, grpc.ServerCredentials.createInsecure(), (error) => {
    if (error) throw error;
  });

/** Answers each line with its own name before it; on the second port it speaks first. */
const lines = (first) => (socket) => {
  counted.tcp += 1;
  if (first) socket.write(`${name} greets\n`);
  socket.on("data", (chunk) => socket.write(`${name} ${chunk}`));
  socket.on("end", () => socket.end());
  socket.on("error", () => socket.destroy());
};
for (const port of [7070, ...ports(7101, 7110)]) net.createServer({ allowHalfOpen: true }, lines(false)).listen(port, address);
net.createServer({ allowHalfOpen: true }, lines(true)).listen(7071, address);

http
  .createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url, "http://echo");
    if (pathname === "/be") habit = searchParams;
    response.end(JSON.stringify(counted));
  })
  .listen(9999, address);
process.on("SIGTERM", () => process.exit(0));
