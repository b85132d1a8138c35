/** Header blocks into requests, responses and trailers, by the rules of RFC 9113 §8. */

import type { FieldSink } from "#lib/hpack/decoder.ts";
import { isAuthority } from "#lib/http/authority.ts";
import { HeaderList } from "#lib/http/headers.ts";
import type { RequestHead, ResponseHead } from "#lib/http/message.ts";
import { parseContentLength } from "#lib/http/semantics.ts";
import { encodedTarget } from "#lib/http/target.ts";
import { isLowerToken, isToken } from "#lib/http/token.ts";
import { ErrorCode, streamError } from "./http2-error.ts";

/** Fields that belong to HTTP/1 connections (RFC 9113 §8.2.2). */
const CONNECTION_FIELDS: ReadonlySet<string> = new Set([
  "connection",
  "proxy-connection",
  "keep-alive",
  "transfer-encoding",
  "upgrade",
]);

/** Gathers the fields of one block and judges them; used again for the next. */
export class BlockFields implements FieldSink {
  headers: HeaderList = new HeaderList();
  #method = "";
  #scheme = "";
  #authority = "";
  #hasAuthority = false;
  #path = "";
  #status = "";
  #protocol = "";
  #pseudo = 0;
  #problem = "";
  /** The last authority that was one. */
  #soundAuthority: string | undefined;

  /** Starts a block. */
  begin(): void {
    this.headers = new HeaderList(this.headers.length);
    this.#method = "";
    this.#scheme = "";
    this.#authority = "";
    this.#hasAuthority = false;
    this.#path = "";
    this.#status = "";
    this.#protocol = "";
    this.#pseudo = 0;
    this.#problem = "";
  }

  /** A regular field without a problem is sound wherever it stands. */
  onField(name: string, value: string): boolean {
    if (name.charCodeAt(0) !== 0x3a) return this.#regularField(name, value);
    this.#pseudoField(name, value);
    return false;
  }

  onNeverIndexed(name: string): void {
    const { headers } = this;
    headers.neverIndexed ??= new Set();
    headers.neverIndexed.add(name);
  }

  onKnownField(name: string, value: string): void {
    this.headers.add(name, value);
  }

  /** The block as a request (RFC 9113 §8.3.1). Throws a stream error where it is malformed. */
  request(): RequestHead {
    const connect = this.#method === "CONNECT" && this.#protocol === "";
    if (this.#status !== "" || !isToken(this.#method))
      this.#fail("pseudo-headers of a request are missing");
    if (connect && (this.#scheme !== "" || this.#path !== "" || this.#authority === ""))
      this.#fail("CONNECT has an authority and nothing else");
    if (!connect && (this.#scheme === "" || this.#path === ""))
      this.#fail("pseudo-headers of a request are missing");
    if (this.#protocol !== "" && this.#method !== "CONNECT") this.#fail(":protocol needs CONNECT");
    if (
      !connect &&
      this.#path.charCodeAt(0) !== 0x2f &&
      !(this.#path === "*" && this.#method === "OPTIONS")
    )
      this.#fail(":path is not absolute");
    this.#host();
    this.#checkAuthority(connect);
    this.#judge();
    return {
      method: this.#method,
      scheme: this.#scheme,
      authority: this.#authority,
      path: this.#path,
      version: "HTTP/2",
      protocol: this.#protocol,
      headers: this.headers,
    };
  }

  /** The block as a response (RFC 9113 §8.3.2). */
  response(): ResponseHead {
    const status = Number(this.#status);
    if (!/^[1-9]\d\d$/.test(this.#status) || this.#pseudo !== PSEUDO[":status"] || status === 101)
      this.#fail("a response has a :status and no other pseudo-header");
    this.#judge();
    return { status, version: "HTTP/2", headers: this.headers };
  }

  /** The block as trailers: no pseudo-headers (RFC 9113 §8.1). */
  trailers(): HeaderList {
    if (this.#pseudo !== 0) this.#fail("trailers have no pseudo-headers");
    if (this.headers.has("content-length") || this.headers.has("host"))
      this.#fail("a trailer says what only a head may say");
    this.#judge();
    return this.headers;
  }

  /** `Host` stands in for `:authority` and may not contradict it (RFC 9113 §8.3.1). */
  #host(): void {
    const host = this.headers.get("host");
    if (host === undefined) return;
    if (this.#hasAuthority && host.toLowerCase() !== this.#authority.toLowerCase())
      this.#fail("host contradicts :authority");
    if (this.headers.getAll("host").length > 1) this.#fail("there are two host fields");
    this.#authority = host;
    this.headers.delete("host");
  }

  /** What was right once needs no second look: most requests of a connection have the same. */
  #checkAuthority(connect: boolean): void {
    if (this.#authority === this.#soundAuthority && !connect) return;
    if (!isAuthority(this.#authority) || (connect && !/:\d+$/.test(this.#authority)))
      this.#fail("its authority is none");
    else this.#soundAuthority = this.#authority;
  }

  #pseudoField(name: string, value: string): void {
    const bit = PSEUDO[name];
    if (bit === undefined || (this.#pseudo & bit) !== 0 || this.headers.length > 0) {
      this.#fail(`${name} is unknown, repeated or late`);
      return;
    }
    this.#pseudo |= bit;
    if (name !== ":path" && !isVisible(value)) this.#fail(`${name} has an invalid character`);
    switch (name) {
      case ":method":
        this.#method = value;
        break;
      case ":scheme":
        this.#scheme = value;
        if (value !== "http" && value !== "https" && !SCHEME.test(value))
          this.#fail("its scheme is none");
        break;
      case ":authority":
        this.#authority = value;
        this.#hasAuthority = true;
        break;
      case ":path":
        this.#setPath(value);
        break;
      case ":protocol":
        this.#protocol = value;
        break;
      case ":status":
        this.#status = value;
        break;
    }
  }

  #setPath(given: string): void {
    const path = encodedTarget(given);
    if (path === undefined) this.#fail(":path has an invalid character");
    else this.#path = path;
  }

  #regularField(name: string, value: string): boolean {
    this.headers.add(name, value);
    if (!isLowerToken(name)) this.#fail("a field name is not a lower-case token");
    else if (!isCleanValue(value)) this.#fail(`${name} has an invalid character`);
    else if (CONNECTION_FIELDS.has(name)) this.#fail(`${name} does not belong in HTTP/2`);
    else if (name === "te" && value !== "trailers") this.#fail("te says more than trailers");
    else return true;
    return false;
  }

  #fail(problem: string): void {
    if (this.#problem === "") this.#problem = problem;
  }

  #judge(): void {
    if (this.#problem !== "")
      throw streamError(ErrorCode.PROTOCOL_ERROR, `Cannot accept header block: ${this.#problem}`);
  }
}

const PSEUDO: Readonly<Record<string, number>> = {
  ":method": 1,
  ":scheme": 2,
  ":authority": 4,
  ":path": 8,
  ":status": 16,
  ":protocol": 32,
};

/** A scheme (RFC 3986 §3.1). */
const SCHEME = /^[A-Za-z][A-Za-z0-9+.-]*$/;

/** Nothing that would end a word of an HTTP/1 start line: such a request may go on in HTTP/1. */
function isVisible(value: string): boolean {
  for (let i = 0; i < value.length; i++) {
    const code = value.charCodeAt(i);
    if (code <= 32 || code === 127) return false;
  }
  return true;
}

/** No control character but the tab, and no blank at either end (RFC 9113 §8.2.1, RFC 9110 §5.5). */
function isCleanValue(value: string): boolean {
  const { length } = value;
  if (length === 0) return true;
  const [first, last] = [value.charCodeAt(0), value.charCodeAt(length - 1)];
  if (first === 32 || first === 9 || last === 32 || last === 9) return false;
  for (let i = 0; i < length; i++) {
    const code = value.charCodeAt(i);
    if ((code < 32 && code !== 9) || code === 127) return false;
  }
  return true;
}

/** Removes from a list that came from elsewhere what HTTP/2 refuses (RFC 9113 §8.2.2). */
export function removeConnectionFields(headers: HeaderList): void {
  const { names } = headers;
  for (let i = 0; i < names.length; i++) {
    if (!CONNECTION_FIELDS.has(names[i] as string)) continue;
    for (const name of CONNECTION_FIELDS) headers.delete(name);
    return;
  }
}

/** The value of content-length; -1 where absent. Throws a stream error where malformed or repeated. */
export function contentLengthOf(headers: HeaderList): number {
  const { names, values } = headers;
  let length = -1;
  for (let i = 0; i < names.length; i++) {
    if (names[i] !== "content-length") continue;
    const value = values[i] as string;
    const bytes = parseContentLength(value);
    if (bytes < 0 || length >= 0)
      throw streamError(
        ErrorCode.PROTOCOL_ERROR,
        "Cannot accept header block: content-length is invalid",
      );
    length = bytes;
  }
  return length;
}
