// The gRPC services of the sample, with JSON messages so that no generated code is needed.
import grpc from "@grpc/grpc-js";

const json = {
  requestSerialize: (value) => Buffer.from(JSON.stringify(value)),
  requestDeserialize: (bytes) => JSON.parse(String(bytes)),
  responseSerialize: (value) => Buffer.from(JSON.stringify(value)),
  responseDeserialize: (bytes) => JSON.parse(String(bytes)),
};
const method = (path, requestStream = false, responseStream = false) => ({
  path,
  requestStream,
  responseStream,
  ...json,
});

export const emojiService = {
  listAll: method("/sample.v1.Emoji/ListAll"),
  find: method("/sample.v1.Emoji/Find"),
  watch: method("/sample.v1.Emoji/Watch", false, true),
};
export const votingService = {
  vote: method("/sample.v1.Voting/Vote"),
  results: method("/sample.v1.Voting/Results"),
  chat: method("/sample.v1.Voting/Chat", true, true),
};
export const Emoji = grpc.makeGenericClientConstructor(emojiService, "Emoji");
export const Voting = grpc.makeGenericClientConstructor(votingService, "Voting");

/** Serves until SIGTERM, then finishes what runs. */
export function serve(service, handlers) {
  const server = new grpc.Server();
  server.addService(service, handlers);
  server.bindAsync("0.0.0.0:8080", grpc.ServerCredentials.createInsecure(), (error, port) => {
    if (error) throw error;
    console.log(`listens on ${port}`);
  });
  process.on("SIGTERM", () => server.tryShutdown(() => process.exit(0)));
}
