#!/usr/bin/env node
// echo: what the checks' clients ask. HTTP and WebSocket on 8080, gRPC on 9090, HTTP/2 on 9091.
import http from "node:http";
import http2 from "node:http2";
import grpc from "@grpc/grpc-js";
import { WebSocketServer } from "ws";
import { votingService } from "../../../demo/apps/services.js";

const kilobyte = Buffer.alloc(1024, "x");
const server = http.createServer((request, response) => {
  if (request.url === "/kilobyte") return response.end(kilobyte);
  request.resume();
  request.on("end", () => {
    response.setHeader("content-type", "application/json");
    response.end(JSON.stringify({ caller: request.socket.remoteAddress.replace("::ffff:", ""), identity: request.headers["l5d-client-id"] ?? null, pod: process.env.HOSTNAME }));
  });
});
new WebSocketServer({ server, path: "/ws" }).on("connection", (socket) => socket.on("message", (message) => socket.send(message)));
server.listen(8080);
http2.createServer((_, response) => response.end(kilobyte)).listen(9091);

const calls = new grpc.Server();
calls.addService(votingService, {
  vote: ({ request }, answer) => answer(null, request),
  results: (_, answer) => answer(null, {}),
  chat: (call) => {
    call.on("data", (message) => call.write(message));
    call.on("end", () => call.end());
  },
});
calls.bindAsync("0.0.0.0:9090", grpc.ServerCredentials.createInsecure(), (error) => {
  if (error) throw error;
});
process.on("SIGTERM", () => process.exit(0));
