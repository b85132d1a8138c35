/** What is told from the first bytes of a connection: once said, further bytes do not change it. */

import { frameMessage, MessageReader } from "#lib/grpc/framing.ts";
import { readClientHello } from "#lib/tls/client-hello.ts";
import { detectProtocol } from "../../../proxy/transport/detect.ts";
import { encodeTransportHeader, readTransportHeader } from "../../../proxy/transport/header.ts";
import { assertSame, hashOf, hex, inPieces, latin1, type Target } from "../target.ts";

/** Asks for a prefix, a longer one and the whole; `undefined` is: not enough yet. */
function assertMonotonic(
  what: string,
  input: Uint8Array,
  ask: (bytes: Uint8Array) => string | undefined,
): void {
  const hash = hashOf(input);
  const cuts = [hash % (input.length + 1), (hash >>> 8) % (input.length + 1), input.length];
  let said: string | undefined;
  for (const cut of cuts.toSorted((a, b) => a - b)) {
    const now = ask(new Uint8Array(input.subarray(0, cut)));
    if (said !== undefined && now !== said)
      throw new Error(`${what} was ${said} and is ${now} at ${cut}`);
    said = now;
  }
}

const HELLO = hex(
  "16030100620100005e0303000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f00000213010100003300000013001100000e6578616d706c652e746573742e61001000140012086874747020312e310268320474657374000a00040002001d",
);

/** A ClientHello, in whatever records. */
export const CLIENT_HELLO: Target = {
  name: "client-hello",
  maxBytes: 512,
  seeds: [
    HELLO,
    hex("1603010001 01 1603010003 000000"),
    hex("160301"),
    latin1("GET / HTTP/1.1\r\n"),
  ],
  tokens: ["160301", "0000", "0010", "00000e", "01", "1603030004"].map(hex),
  run: (input) =>
    assertMonotonic("a ClientHello", input, (bytes) => {
      const read = readClientHello(bytes);
      return read.type === "incomplete" ? undefined : JSON.stringify(read);
    }),
};

/** Which protocol a plain connection speaks. */
export const DETECT: Target = {
  name: "detect",
  maxBytes: 1200,
  seeds: [
    "GET / HTTP/1.1\r\nHost: a\r\n",
    "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "*1\r\n$4\r\nPING\r\n",
    "SSH-2.0-x\r\n",
  ].map(latin1),
  tokens: ["\r\n", " HTTP/1.1", "PRI * HTTP/2.0", " ", "A".repeat(64), "\t"].map(latin1),
  run: (input) => assertMonotonic("a protocol", input, detectProtocol),
};

/** The header between proxies; what is read is written and read as the same. */
export const TRANSPORT_HEADER: Target = {
  name: "transport-header",
  maxBytes: 128,
  seeds: [
    encodeTransportHeader({ port: 80, name: "", sessionProtocol: undefined }),
    encodeTransportHeader({ port: 65_535, name: "a.b:80", sessionProtocol: "http2" }),
    latin1("transport.l5d.io/v1\r\n\r\n\0\0\0\x02\x08\x50rest"),
  ],
  tokens: [
    latin1("transport.l5d.io/v1\r\n\r\n"),
    ...["0850", "1201", "1a020a00", "ffffffff0f", "00000004"].map(hex),
  ],
  run: (input) => {
    assertMonotonic("a transport header", input, (bytes) => {
      const read = readTransportHeader(bytes);
      if (read.type !== "header") return read.type === "incomplete" ? undefined : read.type;
      return JSON.stringify(read.header);
    });
    const read = readTransportHeader(input);
    if (read.type !== "header") return;
    const again = readTransportHeader(encodeTransportHeader(read.header));
    assertSame(
      "a header",
      [JSON.stringify(read.header)],
      [JSON.stringify(again.type === "header" && again.header)],
    );
  },
};

/** gRPC messages: the same in any pieces. */
export const GRPC_FRAMING: Target = {
  name: "grpc-framing",
  maxBytes: 256,
  seeds: [
    frameMessage(latin1("hello")),
    hex("0000000000 0000000001 61"),
    hex("0100000000"),
    hex("00ffffffff"),
  ],
  tokens: ["0000000000", "0000000001", "01", "00000000ff"].map(hex),
  run: (input) => {
    const read = (feed: (take: (piece: Uint8Array) => void) => void): string[] => {
      const reader = new MessageReader(200);
      const events: string[] = [];
      let problem: string | undefined;
      feed((piece) => {
        problem ??= reader.receive(piece, (message) =>
          events.push(Buffer.from(message).toString("hex")),
        );
      });
      events.push(problem ?? `incomplete ${reader.incomplete}`);
      return events;
    };
    assertSame(
      "messages in pieces",
      read((take) => take(input)),
      read((take) => inPieces(input, take)),
    );
  },
};
