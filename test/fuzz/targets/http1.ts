/** HTTP/1 heads and bodies: the same events in any pieces, and what is forwarded reads as the same message. */

import { ByteWriter } from "#lib/bytes/byte-writer.ts";
import type { RequestHead, ResponseHead } from "#lib/http/message.ts";
import { writeRequestHead, writeResponseHead } from "#lib/http1/head-writer.ts";
import { Http1Error } from "#lib/http1/http1-error.ts";
import { RequestReader, type RequestSink } from "#lib/http1/request-reader.ts";
import { ResponseReader, type ResponseSink } from "#lib/http1/response-reader.ts";
import { assertSame, inPieces, latin1, type Target } from "../target.ts";

/**
 * Body bytes are gathered: in how many pieces they come may differ, and so may which of two faults of a head is seen
 * first.
 */
class Recorder {
  readonly events: string[] = [];
  readonly forwarded: string[] = [];
  #body = "";

  body(chunk: Uint8Array): void {
    this.#body += Buffer.from(chunk).toString("latin1");
  }

  add(event: string): void {
    if (this.#body !== "") {
      this.events.push(`body ${this.#body}`);
      this.#body = "";
    }
    this.events.push(event);
  }
}

const requestText = (head: RequestHead): string => {
  const out = new ByteWriter();
  writeRequestHead(out, head, "");
  return out.view().toString("latin1");
};
const responseText = (head: ResponseHead): string => {
  const out = new ByteWriter();
  writeResponseHead(out, head, "");
  return out.view().toString("latin1");
};

function readRequests(feed: (take: (piece: Uint8Array) => void) => void): Recorder {
  const recorder = new Recorder();
  const reader = new RequestReader();
  const sink: RequestSink = {
    onHead: (head, _, ended) => {
      const text = requestText(head);
      recorder.add(`head ${ended} ${text}`);
      if (head.method !== "CONNECT" && !head.headers.has("upgrade")) recorder.forwarded.push(text);
      if (ended) reader.state = "head";
    },
    onBodyBytes: (bytes, from, to) => recorder.body(bytes.subarray(from, to)),
    onBodyEnd: (trailers) => {
      recorder.add(`end ${trailers?.names} ${trailers?.values}`);
      reader.state = "head";
    },
  };
  try {
    feed((piece) => reader.take(Buffer.from(piece), sink));
    recorder.add("more");
  } catch (error) {
    if (!(error instanceof Http1Error)) throw error;
    recorder.add("refused");
  }
  return recorder;
}

/** One request and nothing else: what we forward must be that to ourselves, with the same bytes written again. */
function assertStable(text: string): void {
  const heads: string[] = [];
  const reader = new RequestReader();
  reader.take(Buffer.from(text, "latin1"), {
    onHead: (head) => {
      heads.push(requestText(head));
    },
    onBodyBytes: () => undefined,
    onBodyEnd: () => undefined,
  });
  if (heads.length !== 1 || heads[0] !== text || reader.keptBytes !== 0)
    throw new Error(`Cannot forward ${JSON.stringify(text)}: it reads as ${JSON.stringify(heads)}`);
}

const crlf = (...lines: string[]): Uint8Array => latin1(`${lines.join("\r\n")}\r\n`);

/** Requests on one connection. */
export const HTTP1_REQUESTS: Target = {
  name: "http1-requests",
  maxBytes: 512,
  seeds: [
    crlf("GET / HTTP/1.1", "Host: a", ""),
    crlf("POST /p?q=%20 HTTP/1.1", "host: a:80", "content-length: 3", "", "abcGET / HTTP/1.0", ""),
    crlf(
      "PUT / HTTP/1.1",
      "Host: [::1]",
      "Transfer-Encoding: chunked",
      "",
      "3;a=b",
      "abc",
      "0",
      "X: y",
      "",
    ),
    crlf(
      "OPTIONS * HTTP/1.1",
      "Host: a",
      "Connection: upgrade, te",
      "Upgrade: websocket",
      "TE: trailers",
      "",
    ),
    crlf("CONNECT a:443 HTTP/1.1", "Host: a:443", "Expect: 100-continue", "", "raw"),
    crlf("", "GET http://a.b/c HTTP/1.1", "Host: a.b", "A: \tb \t", ""),
  ],
  tokens: [
    ...["\r\n", "\r", "\n", "\r\n\r\n", ": ", "HTTP/1.1", "HTTP/1.0", "chunked", "0\r\n\r\n", ","],
    ...["Transfer-Encoding: chunked\r\n", "Content-Length: 5\r\n", "Host: b\r\n", "\t", "\0", " "],
    ...["Connection: close\r\n", "http://", "%2f", "\x80", ";", "identity", "Upgrade: h2c\r\n"],
  ].map(latin1),
  run: (input) => {
    const whole = readRequests((take) => take(input));
    const pieces = readRequests((take) => inPieces(input, take));
    assertSame("requests in pieces", whole.events, pieces.events);
    for (const text of whole.forwarded) assertStable(text);
  },
};

/** How a response is asked for, by the input's first byte. */
const ASKED: readonly (readonly [method: string, upgrades: boolean])[] = [
  ["GET", false],
  ["HEAD", false],
  ["CONNECT", false],
  ["GET", true],
];

function readResponses(
  input: Uint8Array,
  feed: (take: (piece: Uint8Array) => void) => void,
): Recorder {
  const recorder = new Recorder();
  const reader = new ResponseReader();
  const [method, upgrades] = ASKED[(input[0] ?? 0) & 3] as (typeof ASKED)[number];
  const next = (): void => reader.begin(method, upgrades);
  const sink: ResponseSink = {
    onInformational: (head) => recorder.add(`informational ${responseText(head)}`),
    onHead: (head, ended) => {
      const text = responseText(head);
      recorder.add(`head ${ended} ${reader.state} ${text}`);
      recorder.forwarded.push(text);
      if (ended) next();
    },
    onBodyBytes: (bytes, from, to) => recorder.body(bytes.subarray(from, to)),
    onBodyEnd: (trailers) => {
      recorder.add(`end ${trailers?.names} ${trailers?.values}`);
      next();
    },
  };
  next();
  try {
    feed((piece) => reader.take(Buffer.from(piece), sink));
    recorder.add(`more ${reader.endsWithConnection}`);
  } catch (error) {
    if (!(error instanceof Http1Error)) throw error;
    recorder.add("refused");
  }
  return recorder;
}

const answer = (asked: string, ...lines: string[]): Uint8Array =>
  latin1(`${asked}${lines.join("\r\n")}\r\n`);

/** Responses on one connection, to requests of the kind that the first byte says. */
export const HTTP1_RESPONSES: Target = {
  name: "http1-responses",
  maxBytes: 512,
  seeds: [
    answer("\0", "HTTP/1.1 200 OK", "Content-Length: 2", "", "okHTTP/1.1 204 No Content", ""),
    answer("\0", "HTTP/1.1 103 Early Hints", "Link: x", "", "HTTP/1.0 404 No", "", "until close"),
    answer("\x01", "HTTP/1.1 304 ", "ETag: x", "Content-Length: 9", ""),
    answer("\x02", "HTTP/1.1 200 Connected", "", "raw bytes"),
    answer("\x03", "HTTP/1.1 101 Switching", "Upgrade: websocket", "", "raw"),
    answer(
      "\0",
      "HTTP/1.1 200 OK",
      "Transfer-Encoding: chunked",
      "",
      "a",
      "0123456789",
      "0",
      "T: v",
      "",
    ),
  ],
  tokens: HTTP1_REQUESTS.tokens,
  run: (input) => {
    const rest = input.subarray(1);
    const whole = readResponses(input, (take) => take(rest));
    const pieces = readResponses(input, (take) => inPieces(rest, take));
    assertSame("responses in pieces", whole.events, pieces.events);
    for (const text of whole.forwarded)
      if (/[\r\n](?![\n])[^\r\n]*\r\n\r\n./s.test(text) || /[^\r]\n|\r[^\n]/.test(text))
        throw new Error(`Cannot forward ${JSON.stringify(text)}: it is more than one head`);
  },
};
