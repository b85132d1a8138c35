/** Request and response heads, shared by HTTP/1 and HTTP/2. */

import type { HeaderList } from "./headers.ts";

/** The version a message came in with. */
export type HttpVersion = "HTTP/1.0" | "HTTP/1.1" | "HTTP/2";

/** A request head. Pseudo-headers and `Host` are fields of their own, never in `headers`. */
export interface RequestHead {
  method: string;
  /** "http" or "https" in HTTP/2 and absolute form; "" where HTTP/1 sent origin form. */
  scheme: string;
  /** Host and port as sent; "" where absent. */
  authority: string;
  /** Path and query; "*" for OPTIONS *; "" for CONNECT. */
  path: string;
  version: HttpVersion;
  /** `:protocol` of an extended CONNECT (RFC 8441); "" otherwise. */
  protocol: string;
  headers: HeaderList;
}

/** A response head; 1xx ones are informational. */
export interface ResponseHead {
  status: number;
  version: HttpVersion;
  headers: HeaderList;
}
