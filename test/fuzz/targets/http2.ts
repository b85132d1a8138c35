/** HTTP/2 connections of both roles: the same events and answers in any pieces, whatever the frames. */

import { HeaderList } from "#lib/http/headers.ts";
import type { RequestHead } from "#lib/http/message.ts";
import { Http2Connection } from "#lib/http2/connection.ts";
import { PREFACE } from "#lib/http2/frame.ts";
import type { Http2Events } from "#lib/http2/http2-events.ts";
import { HTTP2_DEFAULTS } from "#lib/http2/http2-options.ts";
import type { Http2Stream } from "#lib/http2/stream.ts";
import { assertSame, hex, inPieces, type Target } from "../target.ts";

/** What a peer makes us write, beside what it pays for: a frame header, and an answer as long as a PING. */
const OUT_FACTOR = 4;
const OUT_EXTRA = 4096;

class Recorder implements Http2Events {
  readonly events: string[] = [];
  connection: Http2Connection | undefined;
  readonly #open = new Set<number>();

  onRequest(stream: Http2Stream, head: RequestHead, end: boolean): void {
    if (this.#open.has(stream.id)) throw new Error(`stream ${stream.id} was opened twice`);
    this.#open.add(stream.id);
    const { method, scheme, authority, path, protocol, headers } = head;
    this.events.push(
      `request ${stream.id} ${end} ${method} ${scheme} ${authority} ${path} ${protocol} ${headers.names} ${headers.values}`,
    );
    this.#soundFields(headers, `${method} ${authority} ${path}`);
    if (method === "GET")
      this.connection?.respond(
        stream,
        { status: 200, version: "HTTP/2", headers: new HeaderList() },
        true,
      );
  }

  onResponse(
    stream: Http2Stream,
    head: { status: number; headers: HeaderList },
    end: boolean,
  ): void {
    this.events.push(`response ${stream.id} ${head.status} ${end} ${head.headers.names}`);
    this.#soundFields(head.headers, "");
  }

  onStreamBytes(stream: Http2Stream, bytes: Buffer, from: number, to: number): void {
    const chunk = bytes.subarray(from, to);
    if (stream.closed) throw new Error(`stream ${stream.id} is closed and gets data`);
    this.events.push(`data ${stream.id} ${Buffer.from(chunk).toString("hex")}`);
  }

  onStreamEnd(stream: Http2Stream, trailers: HeaderList | undefined): void {
    this.events.push(`end ${stream.id} ${trailers?.names}`);
  }

  onReset(stream: Http2Stream, how: { readonly code: number }): void {
    this.events.push(`reset ${stream.id} ${how.code}`);
  }

  onWritable(stream: Http2Stream): void {
    this.events.push(`writable ${stream.id}`);
  }

  onChanged(): void {
    // How often that is said may depend on the pieces.
  }

  /** Nothing that HTTP/1 would take for a line's end, or for framing of its own. */
  #soundFields(headers: HeaderList, words: string): void {
    const { names, values } = headers;
    const wrong =
      values.some((value) => /[\0\r\n]/.test(value)) ||
      names.some((name) => !/^[!#$%&'*+.^_`|~0-9a-z-]+$/.test(name)) ||
      names.some((name) => name === "transfer-encoding" || name === "connection") ||
      /[\0\r\n]/.test(words);
    if (wrong) throw new Error(`fields that must not be forwarded: ${names} ${values} ${words}`);
  }
}

interface Run {
  readonly events: readonly string[];
  readonly out: string;
}

function play(role: "client" | "server", feed: (take: (piece: Uint8Array) => void) => void): Run {
  const recorder = new Recorder();
  const connection = new Http2Connection({ ...HTTP2_DEFAULTS, role, nowMs: 0 }, recorder);
  recorder.connection = connection;
  if (role === "server") connection.receive(PREFACE, 0);
  connection.receive(EMPTY_SETTINGS, 0);
  if (role === "client")
    for (const head of REQUESTS) connection.open({ ...head, headers: new HeaderList() }, true);
  let fed = 0;
  feed((piece) => {
    connection.receive(piece, 0);
    fed += piece.length;
  });
  const { failure, out } = connection;
  if (out.length > fed * OUT_FACTOR + OUT_EXTRA)
    throw new Error(`${fed} bytes made us write ${out.length}`);
  recorder.events.push(failure === undefined ? "sound" : `failed ${failure.code}`);
  return { events: recorder.events, out: out.view().toString("hex") };
}

const EMPTY_SETTINGS = hex("000000 04 00 00000000");
const REQUESTS: readonly Omit<RequestHead, "headers">[] = ["GET", "HEAD", "CONNECT"].map(
  (method) => ({
    method,
    scheme: "http",
    authority: "a",
    path: method === "CONNECT" ? "" : "/",
    version: "HTTP/2",
    protocol: "",
  }),
);

const both = (role: "client" | "server", input: Uint8Array): void => {
  const whole = play(role, (take) => take(input));
  const pieces = play(role, (take) => inPieces(input, take));
  assertSame(`a ${role} in pieces`, whole.events, pieces.events);
  if (whole.out !== pieces.out) throw new Error(`a ${role} writes ${whole.out} or ${pieces.out}`);
};

/** Frames by length, type, flags and stream, with their payloads. */
const frames = (...each: readonly string[]): Uint8Array => hex(each.join(""));
const TOKENS: readonly Uint8Array[] = [
  ...["000000 00 01 00000001", "000001 00 00 00000001 61", "000003 01 05 00000003 828684"],
  ...["000003 01 04 00000005 828684", "000000 09 04 00000001", "000004 03 00 00000001 00000008"],
  ...[
    "000006 04 00 00000000 000400000000",
    "000000 04 01 00000000",
    "000004 08 00 00000000 00000001",
  ],
  ...["000008 06 00 00000000 0102030405060708", "000008 07 00 00000000 0000000000000000"],
  ...[
    "000005 02 00 00000001 0000000010",
    "000004 08 00 00000001 7fffffff",
    "000004 05 04 00000001 00000002",
  ],
].map(hex);

/** What a client sends after its preface and settings. */
export const HTTP2_SERVER: Target = {
  name: "http2-server",
  maxBytes: 512,
  seeds: [
    frames("000003 01 05 00000001 828684"),
    frames("000003 01 04 00000001 838684", "000003 00 01 00000001 616263"),
    frames("000004 01 0c 00000001 00828684", "000005 00 09 00000001 0161626300"),
    frames(
      "000002 01 00 00000001 8286",
      "000001 09 04 00000001 84",
      "000004 03 00 00000001 00000008",
    ),
    frames("000012 01 04 00000001 838684 0f0d0133 40017803616263 0f10", "000001 01 05 00000001 c0"),
    frames("000008 06 00 00000000 0102030405060708", "000008 07 00 00000000 0000000000000000"),
    frames(
      "000012 04 00 00000000 000300000001 00040000ffff 000100000000",
      "000004 08 00 00000000 00000100",
    ),
  ],
  tokens: TOKENS,
  run: (input) => both("server", input),
};

/** What a server sends after its settings to a client with three requests under way. */
export const HTTP2_CLIENT: Target = {
  name: "http2-client",
  maxBytes: 512,
  seeds: [
    frames("000001 01 05 00000001 88", "000001 01 05 00000003 89", "000001 01 04 00000005 88"),
    frames("000001 01 04 00000001 88", "000003 00 00 00000001 616263", "000000 00 01 00000001"),
    frames(
      "000004 01 04 00000001 48820801",
      "000001 01 04 00000001 88",
      "000005 01 05 00000001 40017801 79",
    ),
    frames("000004 03 00 00000001 00000007", "000008 07 00 00000000 0000000100000000"),
    frames("000006 04 00 00000000 000500004000", "000005 00 08 00000005 0461000000"),
  ],
  tokens: TOKENS,
  run: (input) => both("client", input),
};
