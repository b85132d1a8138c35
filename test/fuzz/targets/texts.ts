/** WebSocket frames, and addresses as text. */

import { parseAuthority } from "#lib/addr/authority.ts";
import { formatSocketAddr, parseSocketAddr } from "#lib/addr/socket-addr.ts";
import { encodeClose, encodeFrame, WebSocketError, WebSocketReader } from "#lib/http/websocket.ts";
import { assertSame, hex, inPieces, latin1, type Target } from "../target.ts";

const MESSAGE_LIMIT_BYTES = 300;

function readWebSocket(feed: (take: (piece: Uint8Array) => void) => void): string[] {
  const events: string[] = [];
  const add = (event: string, payload: Uint8Array): void => {
    if (payload.length > MESSAGE_LIMIT_BYTES)
      throw new Error(`a message of ${payload.length} bytes`);
    events.push(`${event} ${Buffer.from(payload).toString("hex")}`);
  };
  const reader = new WebSocketReader(
    {
      onMessage: (payload, text) => add(`message ${text}`, payload),
      onPing: (payload) => add("ping", payload),
      onPong: (payload) => add("pong", payload),
      onClose: (code, reason) => events.push(`close ${code} ${reason}`),
    },
    { masked: true, messageBytes: MESSAGE_LIMIT_BYTES },
  );
  try {
    feed((piece) => reader.take(piece));
  } catch (error) {
    if (!(error instanceof WebSocketError)) throw error;
    events.push(`refused ${error.code}`);
  }
  return events;
}

const mask = hex("01020304");

/** Frames of a client. */
export const WEBSOCKET: Target = {
  name: "websocket",
  maxBytes: 400,
  seeds: [
    encodeFrame({ opcode: 1, payload: latin1("hello"), mask }),
    encodeFrame({ opcode: 2, payload: new Uint8Array(200), mask }),
    encodeFrame({ opcode: 8, payload: encodeClose(1000, "bye"), mask }),
    hex("0181 00000000 61 8080 00000000 8980 00000000"),
  ],
  tokens: ["0181", "8080", "8980", "8a80", "8882", "82fe0100", "82ff0000000000000001"].map(hex),
  run: (input) => {
    const whole = readWebSocket((take) => take(input));
    assertSame(
      "frames in pieces",
      whole,
      readWebSocket((take) => inPieces(input, take)),
    );
  },
};

/** Authorities and socket addresses: what is read has one way to be written. */
export const ADDRESSES: Target = {
  name: "addresses",
  maxBytes: 80,
  seeds: ["a.b.c:80", "[::1]:443", "10.0.0.1:1", "[::ffff:1.2.3.4]:65535", "Web.Ns.svc."].map(
    latin1,
  ),
  tokens: ["::", ":", "[", "]", "65536", "0x", "255", "%eth0", "."].map(latin1),
  run: (input) => {
    const text = Buffer.from(input).toString("latin1");
    const authority = parseAuthority(text);
    if (authority !== undefined) {
      const { host, port } = authority;
      const written = `${host.includes(":") ? `[${host}]` : host}${port === undefined ? "" : `:${port}`}`;
      // A name of dots alone is none once the trailing one is gone.
      if (host !== "" && !host.endsWith("."))
        assertSame(
          "an authority",
          [JSON.stringify(parseAuthority(written))],
          [JSON.stringify(authority)],
        );
    }
    const addr = parseSocketAddr(text);
    if (addr !== undefined)
      assertSame(
        "an address",
        [JSON.stringify(parseSocketAddr(formatSocketAddr(addr)))],
        [JSON.stringify(addr)],
      );
  },
};
