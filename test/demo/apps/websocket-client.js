#!/usr/bin/env node
// Sends and expects messages for SECONDS over one WebSocket to URL; prints what was counted.
import { WebSocket } from "ws";

const [url, seconds] = process.argv.slice(2);
const end = Date.now() + Number(seconds) * 1000;
const counted = { messages: 0, errors: {} };
const failed = (why) => {
  counted.errors[why] = (counted.errors[why] ?? 0) + 1;
};
const socket = new WebSocket(url);
socket.on("open", () => socket.send("0"));
socket.on("message", (message) => {
  if (String(message) !== String(counted.messages)) failed("another message came back");
  counted.messages += 1;
  if (Date.now() > end) socket.close();
  else setTimeout(() => socket.send(String(counted.messages)), 2);
});
socket.on("error", (error) => failed(error.message));
socket.on("close", (code) => {
  if (Date.now() < end) failed(`closed early with ${code}`);
  console.log(JSON.stringify(counted));
  process.exit(0);
});
