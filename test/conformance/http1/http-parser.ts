/** The messages that http-parser is tested with, out of its test.c: what is accepted, and what it holds. */

import { readFileSync } from "node:fs";
import type { Report, Suite } from "../suite.ts";
import { debianSource } from "../tools.ts";
import { readRequests, readResponses, withHosts } from "./codec-reading.ts";

/** A string of C, its pieces in a row. */
const STRING = /(?:"(?:[^"\\]|\\.)*"\s*(?:\/\*.*?\*\/\s*)*)+/;

/** What http-parser takes and a proxy may not, by name or text. */
const STRICTER: Readonly<Record<string, string>> = {
  "fragment in url": "a fragment in the target",
  "post identity body world": "a fragment in the target",
  "utf-8 path request": "a fragment in the target",
  "get funky content length body hello": "GET with a body in HTTP/1.0",
  "request with no http version": "HTTP/0.9",
  "m-search request": "* for another method than OPTIONS",
  "line folding in header value": "folded lines",
  "host:port and basic_auth": "who logs in, in the target",
  "post - multi coding transfer-encoding chunked body": "another coding than chunked",
  "post - multi line coding transfer-encoding chunked body": "folded lines",
  "200 trailing space on chunked body": "a blank behind a chunk's size",
  "no carriage ret": "lines that end without CR",
  "http version 0.9": "HTTP/0.9",
  "field space": "a blank in a field name",
  "large chunked": "its text has not the body that its macro has",
  "URL fragment": "a fragment in the target",
  "complex URL fragment": "a fragment in the target",
  "complex URL from node js url parser doc": "a fragment in the target",
  "complex URL with basic auth from node js url parser doc": "a fragment in the target",
  "proxy basic auth with space url encoded": "who logs in, in the target",
  "proxy basic auth with double :": "who logs in, in the target",
  "proxy empty basic auth": "who logs in, in the target",
  "proxy basic auth with unreservedchars": "who logs in, in the target",
  "ipv6 address with Zone ID": "a zone, which means something on one machine only",
  "ipv6 address with Zone ID, but '%' is not percent-encoded": "a zone",
  "tab in URL": "a blank in the target",
  "form feed in URL": "a control character in the target",
  "HTTP 101 response with Upgrade and Content-Length header": "what follows 101 is raw",
  "HTTP 101 response with Upgrade and Transfer-Encoding header": "what follows 101 is raw",
  "HTTP 200 response with `chunked` being *not last* Transfer-Encoding":
    "another coding than chunked",
};

/** What http-parser refuses and RFC 3986 §3.2.2 does not: sub-delims in a host. */
const LAXER: ReadonlySet<string> = new Set(["proxy ; in hostname", "proxy = in URL"]);

/** Reads Debian's source package. */
export const httpParser: Suite = {
  name: "http-parser",
  quick: false,
  needs: [],
  run: async (report) => {
    const source = readFileSync(`${await debianSource("http-parser")}/test.c`, "latin1");
    const messages = [...source.matchAll(/\{\s*\.name=[\s\S]*?\n {2}\}/g)].map(([text]) => text);
    for (const text of messages)
      if (/\.type=/.test(text)) runMessage(text, report);
      else runUrl(text, report);
    const call = new RegExp(
      `test_simple(?:_type)?\\(\\s*(${STRING.source}),\\s*(\\w+)(?:,\\s*(\\w+))?\\)`,
      "g",
    );
    for (const [, text = "", code = "", type = ""] of source.matchAll(call))
      runSimple(
        unquoted(text),
        { accepts: /^(HPE_OK|0)$/.test(code), responds: type === "HTTP_RESPONSE" },
        report,
      );
  },
};

/** A message that http-parser accepts, with what it must hold. */
function runMessage(text: string, report: Report): void {
  const part = (name: string): string | undefined =>
    new RegExp(`\\.${name}\\s*=\\s*(${STRING.source}|\\w+)`).exec(text)?.[1];
  const name = unquoted(part("name") ?? "");
  const raw = unquoted(part("raw") ?? "");
  const responds = part("type") === "HTTP_RESPONSE";
  const start = responds
    ? (part("status_code") ?? "")
    : `${(part("method") ?? "").replace("HTTP_", "").replace("MSEARCH", "M-SEARCH")} ${unquoted(part("request_url") ?? "").replace(/^(https?:\/\/[^/?]+)(?=\?|$)/, "$1/")}`;
  const body = unquoted(part("body") ?? '""');
  const { messages, error } = responds ? readResponses(raw) : readRequests(withHosts(raw));
  const [got] = messages;
  const whole = error === undefined && got?.start === start && got.body === body;
  if (whole === !(name in STRICTER)) report.passed(name);
  else
    report.failed(
      name,
      whole
        ? "strike it off the list"
        : `${error}, ${JSON.stringify(got)}, not ${start} ${JSON.stringify(body)}`,
    );
}

/** A target that http-parser's URLs are tested with; `rv` is 1 where it is none. */
function runUrl(text: string, report: Report): void {
  const value = (name: string): string =>
    new RegExp(`\\.${name}\\s*=\\s*(${STRING.source}|\\w+)`).exec(text)?.[1] ?? "";
  const [name, url] = [unquoted(value("name")), unquoted(value("url"))];
  const method = value("is_connect") === "1" ? "CONNECT" : "GET";
  const { error } = readRequests(withHosts(`${method} ${url} HTTP/1.1\r\n\r\n`));
  const accepts = value("rv") !== "1" || LAXER.has(name);
  if (name in STRICTER ? error !== undefined : accepts === (error === undefined))
    report.passed(name);
  else report.failed(name, `${url} is ${accepts ? "refused" : "accepted"}: ${error}`);
}

/** A text that http-parser accepts or refuses. */
function runSimple(
  text: string,
  how: { readonly accepts: boolean; readonly responds: boolean },
  report: Report,
): void {
  const name = JSON.stringify(text.slice(0, 80));
  const whole = how.accepts ? text : `${text}\r\n\r\n`;
  const { error } = how.responds ? readResponses(whole) : readRequests(withHosts(whole));
  const accepted = error === undefined;
  if (name in STRICTER ? !accepted : accepted === how.accepts) report.passed(name);
  else report.failed(name, `${how.accepts ? "refused" : "accepted"}: ${error}`);
}

/** What a string of C stands for. */
function unquoted(text: string): string {
  const pieces = [...text.matchAll(/"((?:[^"\\]|\\.)*)"/g)].map(([, piece]) => piece).join("");
  return pieces.replace(/\\(x[0-9a-fA-F]+|[0-7]{1,3}|.)/g, (_, code: string) => {
    if (code.startsWith("x")) return String.fromCharCode(Number.parseInt(code.slice(1), 16) & 0xff);
    if (/^[0-7]/.test(code)) return String.fromCharCode(Number.parseInt(code, 8));
    return ESCAPES[code] ?? code;
  });
}

const ESCAPES: Readonly<Record<string, string>> = {
  r: "\r",
  n: "\n",
  t: "\t",
  f: "\f",
  v: "\v",
  b: "\b",
};
