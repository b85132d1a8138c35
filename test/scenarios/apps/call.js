#!/usr/bin/env node
// One gRPC call: call.js IP:PORT AUTHORITY METHOD [NAME=VALUE…]; prints code, details and the metadata of the answer.
import grpc from "@grpc/grpc-js";
import { Voting } from "../../../demo/apps/services.js";

const [address, authority, method, ...pairs] = process.argv.slice(2);
const metadata = new grpc.Metadata();
for (const pair of pairs) {
  const at = pair.indexOf("=");
  metadata.set(pair.slice(0, at), pair.slice(at + 1));
}
const client = new Voting(address, grpc.credentials.createInsecure(), { "grpc.default_authority": authority });
const said = { code: 0, details: "", metadata: {} };
const call = client[method]({ shortcode: "x" }, metadata, { deadline: Date.now() + 8_000 }, (error) => {
  if (error) Object.assign(said, { code: error.code, details: error.details });
});
const keep = (got) => Object.assign(said.metadata, got.getMap());
call.on("metadata", keep);
call.on("status", ({ metadata: trailers }) => {
  keep(trailers);
  setImmediate(() => {
    console.log(JSON.stringify(said));
    process.exit(0);
  });
});
