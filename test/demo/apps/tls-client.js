#!/usr/bin/env node
// One request over TLS, as told by JSON on stdin: {ip, port, serverName, ca, cert?, key?}; prints how it went as JSON.
import tls from "node:tls";

let text = "";
for await (const chunk of process.stdin) text += chunk;
const { ip, port, serverName, ca, cert, key } = JSON.parse(text);
const say = (result) => {
  console.log(JSON.stringify(result));
  process.exit(0);
};
setTimeout(() => say({ refused: "no answer in 5 s" }), 5_000);
const socket = tls.connect({ host: ip, port, servername: serverName, ca, cert, key, minVersion: "TLSv1.3" }, () => {
  socket.write(`GET / HTTP/1.1\r\nhost: ${ip}\r\nconnection: close\r\n\r\n`);
});
let answer = "";
socket.on("data", (chunk) => (answer += chunk));
socket.on("error", (error) => say({ refused: error.code ?? error.message }));
socket.on("close", () => {
  const status = Number(/^HTTP\/1\.1 (\d+)/.exec(answer)?.[1] ?? 0);
  say(status === 0 ? { refused: "closed" } : { status, body: answer.split("\r\n\r\n").slice(1).join("") });
});
