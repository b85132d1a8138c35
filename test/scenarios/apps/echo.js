#!/usr/bin/env node
// echo: a backend that says who it is and what it got. HTTP on 8080, gRPC on 9090; what it has counted on 9999.
import http from "node:http";
import grpc from "@grpc/grpc-js";
import { votingService } from "../../../demo/apps/services.js";

const name = process.env.NAME;
const counted = { http: 0, grpc: 0 };

// Behaviour is asked for by the query: status, delay in milliseconds, a share of failures by count ("fail=1/3").
const server = http.createServer((request, response) => {
  counted.http += 1;
  const url = new URL(request.url, "http://echo");
  const [bad, of] = (url.searchParams.get("fail") ?? "0/1").split("/").map(Number);
  const status = counted.http % of < bad ? 503 : Number(url.searchParams.get("status") ?? 200);
  let body = 0;
  request.on("data", (chunk) => {
    body += chunk.length;
  });
  request.on("end", () =>
    setTimeout(() => {
      response.writeHead(status, { "content-type": "application/json", "x-backend": name });
      response.end(
        JSON.stringify({
          name,
          method: request.method,
          path: request.url,
          host: request.headers.host,
          headers: request.headers,
          body,
          caller: request.socket.remoteAddress.replace("::ffff:", ""),
        }),
      );
    }, Number(url.searchParams.get("delay") ?? 0)),
  );
});
server.listen(8080);

const calls = new grpc.Server();
calls.addService(votingService, {
  vote: ({ request }, answer) => {
    counted.grpc += 1;
    const metadata = new grpc.Metadata();
    metadata.set("x-backend", name);
    answer(null, request, metadata);
  },
  results: (_, answer) => {
    counted.grpc += 1;
    answer({ code: grpc.status.UNAVAILABLE, details: "as asked" });
  },
  chat: (call) => {
    counted.grpc += 1;
    call.on("data", (message) => call.write(message));
    call.on("end", () => call.end());
  },
});
calls.bindAsync("0.0.0.0:9090", grpc.ServerCredentials.createInsecure(), (error) => {
  if (error) throw error;
});

http.createServer((_, response) => response.end(JSON.stringify(counted))).listen(9999);
process.on("SIGTERM", () => process.exit(0));
