#!/usr/bin/env node
// Unary and bidirectional calls for SECONDS against HOST:PORT; prints what was counted.
import grpc from "@grpc/grpc-js";
import { Voting } from "../../../demo/apps/services.js";

const [address, seconds] = process.argv.slice(2);
const client = new Voting(address, grpc.credentials.createInsecure());
const end = Date.now() + Number(seconds) * 1000;
const counted = { unary: 0, streamed: 0, errors: {} };
const failed = (error) => {
  counted.errors[error.message] = (counted.errors[error.message] ?? 0) + 1;
};
async function unary() {
  while (Date.now() < end)
    await new Promise((resolve) =>
      client.vote({ shortcode: "x" }, { deadline: Date.now() + 10_000 }, (error) => {
        if (error) failed(error);
        else counted.unary += 1;
        setTimeout(resolve, 2);
      }),
    );
}
async function stream() {
  while (Date.now() < end)
    await new Promise((resolve) => {
      const call = client.chat();
      let left = 100;
      const next = () => (left-- > 0 && Date.now() < end ? call.write({ left }) : call.end());
      call.on("data", () => {
        counted.streamed += 1;
        setTimeout(next, 2);
      });
      call.on("error", (error) => (failed(error), resolve()));
      call.on("end", resolve);
      next();
    });
}
await Promise.all([unary(), stream()]);
console.log(JSON.stringify(counted));
process.exit(0);
