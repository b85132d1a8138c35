#!/usr/bin/env node
// gRPC calls over one connection, one after the other: call.js IP:PORT AUTHORITY CALLS, where CALLS is a JSON list of
// { path, metadata, deadlineMs, times }; prints a list of codes, details and the metadata of answers.
import grpc from "@grpc/grpc-js";

const [address, authority, text] = process.argv.slice(2);
const client = new grpc.Client(address, grpc.credentials.createInsecure(), { "grpc.default_authority": authority });
const toBytes = (value) => Buffer.from(JSON.stringify(value));
const fromBytes = (bytes) => JSON.parse(String(bytes));

function one({ path, metadata: wanted = {}, deadlineMs = 8_000 }) {
  const metadata = new grpc.Metadata();
  for (const [name, value] of Object.entries(wanted)) metadata.set(name, value);
  const said = { code: 0, details: "", metadata: {} };
  return new Promise((resolve) => {
    const options = { deadline: Date.now() + deadlineMs };
    const call = client.makeUnaryRequest(path, toBytes, fromBytes, { shortcode: "x" }, metadata, options, (error) => {
      if (error) Object.assign(said, { code: error.code, details: error.details });
    });
    const keep = (got) => Object.assign(said.metadata, got.getMap());
    call.on("metadata", keep);
    call.on("status", ({ metadata: trailers }) => {
      keep(trailers);
      setImmediate(() => resolve(said));
    });
  });
}

const answers = [];
for (const { times = 1, ...each } of JSON.parse(text)) for (let i = 0; i < times; i++) answers.push(await one(each));
console.log(JSON.stringify(answers));
process.exit(0);
