/** What own vectors say, and short forms of what they have in common. */

/** Bytes of a client, and what becomes of them. */
export interface RequestVector {
  readonly name: string;
  readonly bytes: string;
  /** The requests that arrive at the origin: `METHOD target|host|body`. */
  readonly forwards: readonly string[];
  /** The status of the last answer, after which the connection ends; 200 where not said. */
  readonly status?: number;
  /** Fields of the last request that arrives, by name; null: it has none. */
  readonly fields?: Readonly<Record<string, string | null>>;
  /** Trailers of the last request that arrives. */
  readonly trailers?: readonly string[];
}

/** Bytes of a server that answer one request, and what becomes of them. */
export interface ResponseVector {
  readonly name: string;
  /** GET where not said; `UPGRADE` is a GET that asks for one. */
  readonly method?: string;
  readonly bytes: string;
  /** The server closes behind them. */
  readonly after?: "end" | "reset";
  /** What the client gets: `status|body`, informational ones too; "broken" where the response does not end as it should. */
  readonly gets: readonly string[];
  readonly fields?: Readonly<Record<string, string | null>>;
}

/** A Host field, line end included. */
export const HOST = "Host: a.test\r\n";
/** A GET up to its own fields. */
export const GET: string = `GET / HTTP/1.1\r\n${HOST}`;
/** A POST up to its own fields. */
export const POST: string = `POST / HTTP/1.1\r\n${HOST}`;
/** A chunked POST up to its first chunk. */
export const CHUNKED: string = `${POST}Transfer-Encoding: chunked\r\n\r\n`;

/** A request with one more field line. */
export const withLine = (line: string): string => `${GET}${line}\r\n\r\n`;
