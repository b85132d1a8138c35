#!/usr/bin/env node
// web: HTTP/1.1. Asks emoji and voting by gRPC and redis by its own protocol, as a front end of anybody would.
import http from "node:http";
import net from "node:net";
import grpc from "@grpc/grpc-js";
import { Emoji, Voting } from "./services.js";

const { EMOJI_HOST = "emoji:8080", VOTING_HOST = "voting:8080", REDIS_HOST = "redis" } = process.env;
const insecure = grpc.credentials.createInsecure();
const emoji = new Emoji(EMOJI_HOST, insecure);
const voting = new Voting(VOTING_HOST, insecure);

const unary = (client, method, message) =>
  new Promise((resolve, reject) =>
    client[method](message, { deadline: Date.now() + 5000 }, (error, answer) =>
      error ? reject(error) : resolve(answer),
    ),
  );

/** Counts in redis, over one connection that is made again when it breaks. */
class Redis {
  #socket;
  #waiting = [];
  #text = "";
  #connect() {
    const socket = net.connect(6379, REDIS_HOST);
    const broken = (error) => {
      if (this.#socket !== socket) return;
      this.#socket = undefined;
      for (const { reject } of this.#waiting.splice(0)) reject(error ?? new Error("redis is gone"));
    };
    socket.on("data", (chunk) => this.#read(String(chunk)));
    socket.on("error", broken);
    socket.on("close", () => broken());
    this.#socket = socket;
  }
  #read(chunk) {
    this.#text += chunk;
    for (let end = this.#text.indexOf("\r\n"); end >= 0; end = this.#text.indexOf("\r\n")) {
      const line = this.#text.slice(0, end);
      this.#text = this.#text.slice(end + 2);
      const asked = this.#waiting.shift();
      if (line.startsWith("-")) asked?.reject(new Error(line));
      else asked?.resolve(Number(line.slice(1)));
    }
  }
  #ask(command) {
    if (this.#socket === undefined) this.#connect();
    return new Promise((resolve, reject) => {
      this.#waiting.push({ resolve, reject });
      this.#socket.write(`${command}\r\n`);
    });
  }
  /** A connection that breaks is made again, as every client library of redis does. */
  async increment(key) {
    for (let left = 20; ; left -= 1)
      try {
        return await this.#ask(`INCR ${key}`);
      } catch (error) {
        if (left === 0) throw error;
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
  }
}
const redis = new Redis();

const json = (response, status, body) => {
  response.writeHead(status, { "content-type": "application/json" });
  response.end(JSON.stringify(body));
};

const routes = {
  "/ready": async () => ({ ready: true }),
  "/": async (_, request) => ({ caller: request.socket.remoteAddress, identity: request.headers["l5d-client-id"] ?? null }),
  "/api/list": async () => await unary(emoji, "listAll", {}),
  "/api/vote": async (query) => {
    const choice = query.get("choice") ?? "";
    const found = await unary(emoji, "find", { shortcode: choice });
    await unary(voting, "vote", found);
    return { voted: found.shortcode, votes: await redis.increment(`votes:${choice}`) };
  },
  "/api/marker": async (query) => await unary(emoji, "find", { shortcode: query.get("marker") ?? "" }).catch(() => ({ marker: query.get("marker") })),
};

const server = http.createServer((request, response) => {
  const { pathname, searchParams } = new URL(request.url, "http://web");
  const route = routes[pathname];
  if (route === undefined) return json(response, 404, { error: "no such page" });
  route(searchParams, request).then(
    (body) => json(response, 200, body),
    (error) => json(response, 500, { error: error.message }),
  );
});
server.listen(8080, () => console.log("web listens on 8080"));
process.on("SIGTERM", () => server.close(() => process.exit(0)));
