/** Messages out of bytes by the plainest reading of RFC 9112: written apart from the proxy's, to judge what it forwards. */

/** One message. Names are in lower case; a body is what chunks or length hold. */
export interface Message {
  readonly start: string;
  readonly fields: readonly (readonly [name: string, value: string])[];
  readonly body: string;
  readonly trailers: readonly (readonly [name: string, value: string])[];
}

/** What was read, what is left over, and what is wrong with it where something is. */
export interface Split {
  readonly messages: readonly Message[];
  readonly rest: string;
  readonly fault: string | undefined;
}

/** A field's only value; undefined where there is none, or more than one. */
export function field(message: Message, name: string): string | undefined {
  const values = message.fields.filter(([each]) => each === name);
  return values.length === 1 ? values[0]?.[1] : undefined;
}

/** Reads requests until the text ends. */
export function splitRequests(text: string): Split {
  return split(text, () => ({ bodiless: false, toTheEnd: false }));
}

/** Reads the responses to requests of these methods; `ended` where the connection has. */
export function splitResponses(text: string, methods: readonly string[], ended: boolean): Split {
  let answered = 0;
  return split(text, (start) => {
    const status = Number(start.slice(9, 12));
    const method = methods[answered];
    if (status >= 200 || status === 101) answered++;
    const bodiless = status < 200 || status === 204 || status === 304 || method === "HEAD";
    return { bodiless, toTheEnd: ended };
  });
}

type Rules = (start: string) => { readonly bodiless: boolean; readonly toTheEnd: boolean };

function split(text: string, rules: Rules): Split {
  const messages: Message[] = [];
  let at = 0;
  try {
    while (at < text.length) {
      const headEnd = text.indexOf("\r\n\r\n", at);
      if (headEnd < 0) break;
      const [start = "", ...lines] = text.slice(at, headEnd).split("\r\n");
      const fields = lines.map(parseLine);
      const read = readBody(text, headEnd + 4, { fields, ...rules(start) });
      if (read === undefined) break;
      messages.push({ start, fields, body: read.body, trailers: read.trailers });
      at = read.end;
    }
  } catch (error) {
    return { messages, rest: text.slice(at), fault: String(error) };
  }
  return { messages, rest: text.slice(at), fault: undefined };
}

type Fields = readonly (readonly [name: string, value: string])[];

function parseLine(line: string): readonly [name: string, value: string] {
  const match = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([\t\x20-\x7e\x80-\xff]*?)[ \t]*$/.exec(line);
  if (match === null) throw new Error(`no field: ${JSON.stringify(line)}`);
  return [(match[1] ?? "").toLowerCase(), match[2] ?? ""];
}

interface Body {
  readonly body: string;
  readonly trailers: Fields;
  readonly end: number;
}

function readBody(
  text: string,
  from: number,
  how: { readonly fields: Fields; readonly bodiless: boolean; readonly toTheEnd: boolean },
): Body | undefined {
  const values = (name: string) => how.fields.filter(([each]) => each === name);
  const lengths = values("content-length");
  const codings = values("transfer-encoding");
  if (lengths.length + codings.length > 1) throw new Error("its end is said twice");
  if (how.bodiless) return { body: "", trailers: [], end: from };
  const [coding] = codings;
  if (coding !== undefined) {
    if (coding[1].toLowerCase() !== "chunked") throw new Error(`coding ${coding[1]}`);
    return readChunks(text, from);
  }
  const [length] = lengths;
  if (length === undefined)
    return {
      body: how.toTheEnd ? text.slice(from) : "",
      trailers: [],
      end: how.toTheEnd ? text.length : from,
    };
  if (!/^\d+$/.test(length[1])) throw new Error(`length ${length[1]}`);
  const end = from + Number(length[1]);
  return end > text.length ? undefined : { body: text.slice(from, end), trailers: [], end };
}

function readChunks(text: string, from: number): Body | undefined {
  let at = from;
  let body = "";
  for (;;) {
    const lineEnd = text.indexOf("\r\n", at);
    if (lineEnd < 0) return undefined;
    const line = text.slice(at, lineEnd);
    if (!/^[0-9a-fA-F]+$/.test(line)) throw new Error(`chunk ${JSON.stringify(line)}`);
    const size = Number.parseInt(line, 16);
    at = lineEnd + 2;
    if (size === 0) return readTrailers(text, at, body);
    if (text.length < at + size + 2) return undefined;
    body += text.slice(at, at + size);
    if (text.slice(at + size, at + size + 2) !== "\r\n") throw new Error("a chunk is longer");
    at += size + 2;
  }
}

function readTrailers(text: string, from: number, body: string): Body | undefined {
  if (text.startsWith("\r\n", from)) return { body, trailers: [], end: from + 2 };
  const end = text.indexOf("\r\n\r\n", from);
  if (end < 0) return undefined;
  return { body, trailers: text.slice(from, end).split("\r\n").map(parseLine), end: end + 4 };
}
