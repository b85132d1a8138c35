/** What the proxy's readers make of bytes, in a form that others' expectations can be compared with. */

import type { HeaderList } from "#lib/http/headers.ts";
import type { RequestHead, ResponseHead } from "#lib/http/message.ts";
import type { ParsedFields } from "#lib/http1/field-parser.ts";
import { persists } from "#lib/http1/framing.ts";
import { Http1Error } from "#lib/http1/http1-error.ts";
import { RequestReader, type RequestSink } from "#lib/http1/request-reader.ts";
import { ResponseReader, type ResponseSink } from "#lib/http1/response-reader.ts";

/** A whole message: `GET /path` or `200`, and its body. */
export interface ReadMessage {
  readonly start: string;
  readonly body: string;
}

/** What was read, and why no more was. */
export interface Reading {
  readonly messages: readonly ReadMessage[];
  /** Why the rest was refused. */
  readonly error: string | undefined;
  /** The last message says that no other follows. */
  readonly closed: boolean;
}

class Requests implements RequestSink {
  readonly reader: RequestReader = new RequestReader();
  readonly messages: ReadMessage[] = [];
  #start = "";
  #body = "";
  #tunnel = false;
  persistent = true;

  onHead(head: RequestHead, { connection }: ParsedFields, ended: boolean): void {
    const { method, scheme, authority, path, headers } = head;
    const origin = scheme === "" ? path : `${scheme}://${authority}${path}`;
    this.#start = `${method} ${method === "CONNECT" ? authority : origin}`;
    this.#body = "";
    this.persistent = persists(connection, head.version === "HTTP/1.0" ? "HTTP/1.0" : "HTTP/1.1");
    this.#tunnel = method === "CONNECT" || headers.has("upgrade");
    if (ended) this.onBodyEnd(undefined);
  }
  onBodyBytes(bytes: Buffer, from: number, to: number): void {
    const chunk = bytes.subarray(from, to);
    this.#body += chunk.toString("latin1");
  }
  onBodyEnd(_: HeaderList | undefined): void {
    this.messages.push({ start: this.#start, body: this.#body });
    if (this.persistent) this.reader.state = this.#tunnel ? "tunnel" : "head";
    else this.reader.close();
  }
}

/** Reads requests, each answered as soon as it is whole. */
export function readRequests(text: string): Reading {
  const sink = new Requests();
  const error = refusalOf(() => sink.reader.take(Buffer.from(text, "latin1"), sink));
  return { messages: sink.messages, error, closed: !sink.persistent };
}

class Responses implements ResponseSink {
  readonly reader: ResponseReader = new ResponseReader();
  readonly messages: ReadMessage[] = [];
  #start = "";
  #body = "";

  onInformational({ status }: ResponseHead): void {
    this.messages.push({ start: String(status), body: "" });
  }
  onHead({ status }: ResponseHead, ended: boolean): void {
    this.#start = String(status);
    this.#body = "";
    if (this.reader.state === "tunnel") this.messages.push({ start: this.#start, body: "" });
    if (ended) this.onBodyEnd(undefined);
  }
  onBodyBytes(bytes: Buffer, from: number, to: number): void {
    const chunk = bytes.subarray(from, to);
    this.#body += chunk.toString("latin1");
  }
  onBodyEnd(_: HeaderList | undefined): void {
    this.messages.push({ start: this.#start, body: this.#body });
    this.reader.begin("GET", false);
  }
}

/** Reads responses to as many GETs as there are, the first of which may switch protocols, and then the connection's end. */
export function readResponses(text: string): Reading {
  const sink = new Responses();
  sink.reader.begin("GET", true);
  const error = refusalOf(() => sink.reader.take(Buffer.from(text, "latin1"), sink));
  if (error === undefined && sink.reader.endsWithConnection) sink.onBodyEnd(undefined);
  return { messages: sink.messages, error, closed: !sink.reader.persistent };
}

function refusalOf(act: () => void): string | undefined {
  try {
    act();
    return undefined;
  } catch (error) {
    if (error instanceof Http1Error) return error.message;
    throw error;
  }
}

/** Gives every HTTP/1.1 request of a corpus that has none the Host that it needs: its target's where that says one. */
export function withHosts(text: string): string {
  if (/^host[ \t]*:/im.test(text)) return text;
  return text.replace(
    /([A-Z][A-Z-]*) (\S+)[^\r\n]* HTTP\/1\.1\r?\n/g,
    (line, method: string, target: string) =>
      `${line}Host: ${method === "CONNECT" ? target : (/^https?:\/\/([^/?@]+)/.exec(target)?.[1] ?? "a.test")}\r\n`,
  );
}
