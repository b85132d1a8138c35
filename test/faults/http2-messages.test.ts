import { afterAll, beforeAll, expect, test } from "bun:test";
import { Flag, FrameType } from "#lib/http2/frame.ts";
import { ErrorCode } from "#lib/http2/http2-error.ts";
import { HTTP2_DEFAULTS } from "#lib/http2/http2-options.ts";
import { headers } from "../conformance/http2/scripted-server.ts";
import { frame, word } from "../fake/http2-rig.ts";
import { AttackBed } from "./http2-attack.ts";
import { data, hpackBomb, longRequest, many, pseudo, request } from "./http2-bytes.ts";

const { DATA, HEADERS, PRIORITY, RST_STREAM, SETTINGS, PING, GOAWAY, WINDOW_UPDATE } = FrameType;
const END = Flag.END_STREAM;
const WHOLE = Flag.END_HEADERS;
const { PROTOCOL_ERROR, COMPRESSION_ERROR, FRAME_SIZE_ERROR, STREAM_CLOSED } = ErrorCode;
const bed = new AttackBed();
beforeAll(() => bed.start());
afterAll(() => bed.stop());

type Fields = readonly (readonly [string, string])[];
const PSEUDO: Fields = pseudo();
/** These bytes end the connection with this code. */
const ends = (code: number, ...bytes: Buffer[]): Promise<void> =>
  bed.attack(async (peer) => {
    peer.send(...bytes);
    await peer.endsWith(code);
    expect(bed.app.arrivals).toBe(0);
  });
/** None of these requests is forwarded, each is reset with PROTOCOL_ERROR, and the connection goes on. */
const refused = (...lists: Fields[]): Promise<void> =>
  bed.attack(async (peer) => {
    for (const [index, list] of lists.entries()) {
      peer.send(headers(2 * index + 1, END, ...list));
      await peer.isReset(2 * index + 1, PROTOCOL_ERROR);
    }
    expect(bed.app.arrivals).toBe(0);
    peer.send(request(2 * lists.length + 1, END, "/other"));
    expect(await peer.statusOf(2 * lists.length + 1)).toBe("200");
  });
test("B9 ends the connection for HPACK that is broken or too large", async () => {
  const broken = [
    "80",
    "ff8080808008",
    "3fe21f",
    "8220",
    "400161851f",
    "00827fff8161",
    "4085ffffffffff0161",
  ];
  for (const hex of broken)
    await ends(COMPRESSION_ERROR, frame(HEADERS, END | WHOLE, 1, Buffer.from(hex, "hex")));
  await bed.attack(async (peer) => {
    peer.send(hpackBomb(1));
    await peer.isReset(1, ErrorCode.ENHANCE_YOUR_CALM);
    expect(bed.app.arrivals).toBe(0);
  });
});

test("B10 resets a stream whose header list is too large, with the tables in step", async () => {
  await bed.attack(async (peer) => {
    peer.send(longRequest(1, 66_000, ["x", "step"]));
    await peer.isReset(1, ErrorCode.ENHANCE_YOUR_CALM);
    // What the block has put into the table counts, its last field and the authority before that.
    peer.send(frame(HEADERS, END | WHOLE, 3, Buffer.from("828604062f6f74686572bfbe", "hex")));
    expect(await peer.statusOf(3)).toBe("200");
  });
});

test("B11 refuses more streams than may be open", async () => {
  await bed.attack(async (peer) => {
    const max = HTTP2_DEFAULTS.maxConcurrentStreams;
    peer.send(many(max, (i) => request(2 * i + 1, END)));
    peer.send(request(2 * max + 1, END));
    await peer.isReset(2 * max + 1, ErrorCode.REFUSED_STREAM);
    expect(peer.count(RST_STREAM)).toBe(1);
    peer.send(frame(RST_STREAM, 0, 1, word(8)), request(2 * max + 3, END, "/other"));
    expect(await peer.statusOf(2 * max + 3)).toBe("200");
  });
});

test("B13 ends the connection for streams that are even, decreasing or used again", async () => {
  await ends(PROTOCOL_ERROR, request(2, END));
  await ends(PROTOCOL_ERROR, request(5, END, "/other"), request(3, END));
  await bed.attack(async (peer) => {
    peer.send(request(1, END, "/other"));
    await peer.statusOf(1);
    peer.send(request(1, END));
    await peer.endsWith(STREAM_CLOSED);
    expect(bed.app.arrivals).toBe(0);
  });
});

test("B14 takes DATA and WINDOW_UPDATE of idle and closed streams as RFC 9113 has it", async () => {
  await ends(PROTOCOL_ERROR, data(1, 0, "x"));
  await ends(PROTOCOL_ERROR, frame(WINDOW_UPDATE, 0, 1, word(1)));
  await ends(PROTOCOL_ERROR, frame(RST_STREAM, 0, 1, word(8)));
  await ends(
    STREAM_CLOSED,
    request(1, END, "/other"),
    frame(RST_STREAM, 0, 1, word(8)),
    data(1, 0, "x"),
  );
  await bed.attack(async (peer) => {
    peer.send(request(1, END, "/other"));
    await peer.statusOf(1);
    peer.send(frame(WINDOW_UPDATE, 0, 1, word(1)), frame(RST_STREAM, 0, 1, word(8)));
    peer.send(request(3, END, "/other"));
    expect(await peer.statusOf(3)).toBe("200");
  });
});

test("B15 ends the connection for frames of a wrong size or padding", async () => {
  await ends(FRAME_SIZE_ERROR, frame(DATA, 0, 1, Buffer.alloc(16_385)));
  await ends(FRAME_SIZE_ERROR, Buffer.from("ffffff000000000001", "hex"));
  await ends(FRAME_SIZE_ERROR, frame(PING, 0, 0, Buffer.alloc(9)));
  await ends(FRAME_SIZE_ERROR, frame(SETTINGS, 0, 0, Buffer.alloc(7)));
  await ends(FRAME_SIZE_ERROR, frame(WINDOW_UPDATE, 0, 0, Buffer.alloc(5)));
  await ends(FRAME_SIZE_ERROR, frame(GOAWAY, 0, 0, Buffer.alloc(4)));
  await ends(FRAME_SIZE_ERROR, frame(PRIORITY, 0, 1, Buffer.alloc(6)));
  await ends(PROTOCOL_ERROR, frame(HEADERS, WHOLE | Flag.PADDED, 1, Buffer.from([1])));
  await ends(PROTOCOL_ERROR, frame(HEADERS, WHOLE | Flag.PADDED, 1));
});

test("B16 refuses pseudo-headers, names and fields that a request may not have", async () => {
  const without = (name: string): Fields => PSEUDO.filter((field) => field[0] !== name);
  await refused(
    ...[":method", ":scheme", ":path", ":authority"].map(without),
    ...PSEUDO.map((field): Fields => [...PSEUDO, field]),
    [["a", "b"], ...PSEUDO],
    [...PSEUDO, [":x", "y"]],
    [...PSEUDO, [":status", "200"]],
    [...PSEUDO, [":protocol", "websocket"]],
    ...["A", "Content-Length", "a b", ""].map((name): Fields => [...PSEUDO, [name, "1"]]),
    ...["connection", "proxy-connection", "keep-alive", "transfer-encoding", "upgrade"].map(
      (name): Fields => [...PSEUDO, [name, "close"]],
    ),
    [...PSEUDO, ["te", "gzip"]],
    [...PSEUDO, ["te", "trailers, gzip"]],
  );
});

test("B17 resets both ways where content-length is not the sum of DATA", async () => {
  const post = (length: string): Buffer => headers(1, 0, ...PSEUDO, ["content-length", length]);
  for (const bytes of [
    [post("3"), data(1, END, "ab")],
    [post("3"), data(1, 0, "abcd")],
    [headers(1, END, ...PSEUDO, ["content-length", "3"])],
    [post("3"), data(1, 0, "ab"), headers(1, END, ["t", "1"])],
  ])
    await bed.attack(async (peer) => {
      peer.send(...bytes);
      await peer.isReset(1, PROTOCOL_ERROR);
    });
  for (const answer of [
    [headers(1, 0, [":status", "200"], ["content-length", "3"]), data(1, END, "ab")],
    [headers(1, 0, [":status", "200"], ["content-length", "3"]), data(1, 0, "abcd")],
  ])
    await bed.attack(async (peer) => {
      bed.app.onRequest = (app, streamId) =>
        app.send(...answer.map((each) => withStream(each, streamId)));
      peer.send(request(1, END));
      await peer.hears(() => peer.codeOf(RST_STREAM, 1) !== undefined, "no reset");
      const ended = peer.frames.some(({ type, flags }) => type === DATA && (flags & END) !== 0);
      expect(ended).toBe(false);
    });
});

/** The same frame for another stream. */
function withStream(bytes: Buffer, streamId: number): Buffer {
  const copy = Buffer.from(bytes);
  copy.writeUInt32BE(streamId, 5);
  return copy;
}

const withPath = (path: string): Fields =>
  PSEUDO.map((each) => (each[0] === ":path" ? [":path", path] : each));

test("B18 refuses paths that are empty, relative, or have blanks, controls, a fragment or a backslash", async () => {
  const paths = [
    "",
    "attack",
    "*",
    "http://b/",
    "/a b",
    "/a\tb",
    "/a\0",
    "/a\r\nx: y",
    "/a\x7f",
    "/a#b",
    "/a\\b",
  ];
  await refused(...paths.map(withPath));
});

test("B19 refuses an authority that host contradicts, or that is none", async () => {
  const withAuthority = (authority: string): Fields => [
    ...PSEUDO.slice(0, 3),
    [":authority", authority],
  ];
  await refused(
    [...PSEUDO, ["host", "b.test"]],
    [...PSEUDO, ["host", "a.test"], ["host", "a.test"]],
    [...PSEUDO.slice(0, 3), ["host", "a.test, b.test"]],
    [...PSEUDO.slice(0, 3), ["host", "a.test b"]],
    ...["u@a.test", "a.test/b", "a.test:x", "a.test?b", ""].map(withAuthority),
  );
  await bed.attack(async (peer) => {
    bed.app.onRequest = (app, streamId) => {
      expect(app.heads.at(-1)?.fields.get("host")).toBeUndefined();
      bed.app.answer(app, streamId, headers(streamId, END, [":status", "204"]));
    };
    peer.send(headers(1, END, ...PSEUDO, ["host", "A.test"]));
    expect(await peer.statusOf(1)).toBe("204");
  });
});

test("B20 never forwards what would be more than one field or line in HTTP/1", async () => {
  const values = ["a\r\nx: y", "a\nb", "a\rb", "a\0b", " a", "a ", "a\x01", "\x7f"];
  await refused(
    ...values.map((value): Fields => [...PSEUDO, ["x", value]]),
    ...["a\r\nb", "a:b", "a b", "a\0"].map((name): Fields => [...PSEUDO, [name, "v"]]),
    [...PSEUDO, ["transfer-encoding", "chunked"]],
    [...PSEUDO, ["content-length", "1"], ["content-length", "2"]],
    [...PSEUDO, ["content-length", "+1"]],
    [...PSEUDO, ["content-length", "1, 1"]],
    [[":method", "GET / HTTP/1.1\r\nx: y\r\n\r\nGET"], ...PSEUDO.slice(1)],
    [[":method", "G T"], ...PSEUDO.slice(1)],
    [[":method", "GET"], [":scheme", "http://b/?"], ...PSEUDO.slice(2)],
  );
});
