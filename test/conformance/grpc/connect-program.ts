/** The program under test of connectconformance: its own reference client or server, with both proxies between. */

import { BinaryReader, BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import { type Pair, startPair } from "./pair.ts";

/** Which side a program is the reference of. */
export type Role = "client" | "server";

/** Numbers of the field `port`: of ClientCompatRequest and of ServerCompatResponse. */
const PORT_FIELDS: Readonly<Record<Role, number>> = { client: 7, server: 2 };
const PREFIX_BYTES = 4;

/** The port that a message names. */
export function portOf(message: Uint8Array, role: Role): number {
  const reader = new BinaryReader(message);
  let port = 0;
  while (reader.pos < reader.len) {
    const [field, type] = reader.tag();
    if (field === PORT_FIELDS[role] && type === WireType.Varint) port = reader.uint32();
    else reader.skip(type, field);
  }
  return port;
}

/** The message with another port, as a frame: of a field that occurs twice, the last one counts. */
export function withPort(message: Uint8Array, role: Role, port: number): Uint8Array {
  const field = new BinaryWriter().tag(PORT_FIELDS[role], WireType.Varint).uint32(port).finish();
  const prefix = Buffer.alloc(PREFIX_BYTES);
  prefix.writeUInt32BE(message.length + field.length);
  return Buffer.concat([prefix, message, field]);
}

/** Messages out of a stream of length-prefixed ones. */
export async function* readMessages(
  stream: ReadableStream<Uint8Array>,
): AsyncGenerator<Uint8Array, void> {
  let rest = Buffer.alloc(0);
  for await (const chunk of stream) {
    rest = Buffer.concat([rest, chunk]);
    while (rest.length >= PREFIX_BYTES) {
      const end = PREFIX_BYTES + rest.readUInt32BE(0);
      if (rest.length < end) break;
      yield rest.subarray(PREFIX_BYTES, end);
      rest = rest.subarray(end);
    }
  }
}

/** Puts a pair in front of the server that was started, and says the pair's port instead of the server's. */
async function serve(reference: string): Promise<void> {
  const child = Bun.spawn([reference], { stdio: ["pipe", "pipe", "inherit"] });
  process.on("SIGTERM", () => child.kill("SIGTERM"));
  for await (const chunk of Bun.stdin.stream()) await child.stdin.write(chunk);
  await child.stdin.end();
  let pair: Pair | undefined;
  for await (const message of readMessages(child.stdout)) {
    pair = await startPair({ port: portOf(message, "server") });
    process.stdout.write(withPort(message, "server", pair.port));
  }
  process.exitCode = await child.exited;
  await pair?.stop();
}

/** Puts a pair in front of every server that a request names, and sends the client there. */
async function request(reference: string): Promise<void> {
  const child = Bun.spawn([reference], { stdio: ["pipe", "inherit", "inherit"] });
  process.on("SIGTERM", () => child.kill("SIGTERM"));
  const pairs = new Map<number, Pair>();
  for await (const message of readMessages(Bun.stdin.stream())) {
    const port = portOf(message, "client");
    const pair = pairs.get(port) ?? (await startPair({ port }));
    pairs.set(port, pair);
    await child.stdin.write(withPort(message, "client", pair.port));
    await child.stdin.flush();
  }
  await child.stdin.end();
  process.exitCode = await child.exited;
  for (const pair of pairs.values()) await pair.stop();
}

if (import.meta.main) {
  const [role, reference = ""] = process.argv.slice(2);
  await (role === "server" ? serve(reference) : request(reference));
}
