/** The request blocks of nodejs/llhttp: what is accepted, where messages end, and what they hold. */

import { existsSync, readdirSync, readFileSync } from "node:fs";
import type { Suite } from "../suite.ts";
import { VECTORS } from "../tools.ts";
import { type ReadMessage, readRequests, withHosts } from "./codec-reading.ts";

const FOLDER = `${VECTORS}/llhttp/request`;
/** Blocks where the folder is absent. */
const COUNT = 166;

interface Block {
  readonly name: string;
  /** Whether llhttp was told to accept more than it does by itself. */
  readonly lenient: boolean;
  readonly text: string;
  readonly log: string;
}

/** What llhttp takes and a proxy may not, by file and heading. */
const STRICTER: Readonly<Record<string, string>> = {
  "sample: No HTTP version": "HTTP/0.9",
  "sample: Line folding in header value with LF": "a line that ends without CR",
  "method: CONNECT with body": "CONNECT with a body: where it ends is not agreed on",
  "method: M-SEARCH request": "* for another method than OPTIONS",
  "method: SOURCE request with ICE": "another protocol",
  "method: OPTIONS request with RTSP": "another protocol",
  "method: ANNOUNCE request with RTSP": "another protocol",
  "method: PRI request HTTP2": "HTTP/2, which detection knows before",
  "content-length: Funky `Content-Length` with body": "GET with a body in HTTP/1.0",
  "content-length: Content-Length reset when no body is received":
    "its bodies were left out by hand",
  "transfer-encoding: POST with `chunked` as last transfer-encoding": "a fragment in the target",
  "transfer-encoding: POST with `chunked` as last transfer-encoding (multiple headers)":
    "a fragment in the target",
  "invalid: Headers separated by LF": "a line that ends without CR",
  "invalid: Missing CR between headers": "a line that ends without CR",
  "connection: CRLF between requests, implicit `keep-alive`": "two empty lines between requests",
  "uri: Quotes in URI": "a backslash in the target",
  "uri: Fragment in URI": "a fragment in the target",
  "uri: `host:port` and basic auth": "who logs in, in the target",
};

/** What llhttp refuses and a proxy does not, by file and heading. */
const LAXER: Readonly<Record<string, string>> = {
  "transfer-encoding: Unbalanced chunk extensions quoting": "extensions are not passed on",
  "invalid: HTTP protocol and ANNOUNCE method": "methods are open to new ones",
  "invalid: Invalid method": "methods are open to new ones",
};

/** Compares with the log of each block. */
export const llhttp: Suite = {
  name: "llhttp",
  quick: true,
  needs: [],
  run: async (report) => {
    if (!existsSync(FOLDER)) {
      report.skipped("request blocks of llhttp", `${FOLDER} is not there`, COUNT);
      return;
    }
    const blocks = readBlocks();
    if (blocks.length !== COUNT) report.failed("blocks", `${blocks.length}, not ${COUNT}`);
    for (const block of blocks) {
      const wrong = judge(block);
      if (wrong === undefined) report.passed(block.name);
      else report.failed(block.name, wrong);
    }
  },
};

/** The bytes of every block, with the hosts that they lack; none where the folder is absent. */
export function llhttpInputs(): { readonly name: string; readonly bytes: string }[] {
  if (!existsSync(FOLDER)) return [];
  return readBlocks().map(({ name, text }) => ({ name, bytes: withHosts(text) }));
}

const readBlocks = (): Block[] =>
  readdirSync(FOLDER).flatMap((file) =>
    blocksOf(file.replace(".md", ""), readFileSync(`${FOLDER}/${file}`, "utf8")),
  );

function judge({ name, lenient, text, log }: Block): string | undefined {
  // What llhttp refuses before a head is whole we may refuse when it is.
  const refuses = / error code=(?!2[1-5] )/.test(log);
  const { messages, error, closed } = readRequests(withHosts(refuses ? `${text}\r\n\r\n` : text));
  const expected = messagesOf(log);
  if (name in LAXER)
    return messages.length > expected.length ? undefined : "strike it off the list";
  const other = messages.find(
    ({ start, body }, i) => start !== expected[i]?.start || body !== expected[i]?.body,
  );
  if (other !== undefined) return `read ${JSON.stringify(other)} of ${JSON.stringify(expected)}`;
  if (refuses) return error === undefined && !closed ? "llhttp refuses it" : undefined;
  const whole = error === undefined && messages.length === expected.length;
  if (name in STRICTER) return whole ? "strike it off the list" : undefined;
  if (whole || lenient) return undefined;
  return `${error}, ${messages.length} of ${expected.length} messages`;
}

/** The whole messages that the log tells of. */
function messagesOf(log: string): ReadMessage[] {
  const messages: ReadMessage[] = [];
  let parts = { method: "", url: "", body: "" };
  for (const line of log.split("\n")) {
    const span = /span\[(method|url|body)\]="(.*)"$/.exec(line);
    if (span !== null) parts[span[1] as keyof typeof parts] += unescaped(span[2] ?? "");
    if (line.endsWith("message begin")) parts = { method: "", url: "", body: "" };
    if (/message complete/.test(line)) messages.push({ start: startOf(parts), body: parts.body });
  }
  return messages;
}

/** A URI without a path has the path `/` (RFC 9112 §3.2.2). */
const startOf = ({ method, url }: { readonly method: string; readonly url: string }): string =>
  `${method} ${url.replace(/^(https?:\/\/[^/?]+)(?=\?|$)/, "$1/")}`;

const unescaped = (text: string): string =>
  text.replace(/\\(r|n|t|f)/g, (_, c: string) => ESCAPES[c] ?? c);

const ESCAPES: Readonly<Record<string, string>> = { r: "\r", n: "\n", t: "\t", f: "\f" };

/** Reads blocks as llhttp's own test runner does: line ends are CRLF, escapes are what they stand for. */
function blocksOf(file: string, markdown: string): Block[] {
  const blocks: Block[] = [];
  let heading = "";
  const part = /^#+ (.+)$|<!-- meta=(.*?) -->\s*```http\n([\s\S]*?)```[^`]*```log\n([\s\S]*?)```/gm;
  for (const [, title, meta = "", input = "", log = ""] of markdown.matchAll(part)) {
    if (title !== undefined) {
      heading = title;
      continue;
    }
    const text = input
      .replace(/\n$/, "")
      .replace(/\\\n/g, "")
      .replace(/\n/g, "\r\n")
      .replace(/\\(r|n|t|f)/g, (_, c: string) => ESCAPES[c] ?? c)
      .replace(/\\x([0-9a-fA-F]+)/g, (_, hex: string) =>
        String.fromCharCode(Number.parseInt(hex, 16)),
      );
    blocks.push({
      name: `${file}: ${heading}`,
      lenient: meta.includes("lenient"),
      text: Buffer.from(text, "utf8").toString("latin1"),
      log,
    });
  }
  return blocks;
}
