/** How scenarios ask by curl, and what comes back. */

/** What is asked, beside the address. */
export type Ask = {
  readonly method?: string;
  /** `name: value`, as curl writes them. */
  readonly headers?: readonly string[];
  readonly body?: string;
  readonly http2?: boolean;
};

/** An answer; of a connection that gave none the status is 0. */
export type Answer = {
  readonly status: number;
  /** By names in lower case; the last one where a name comes more often. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
};

/** The limit of one request, in seconds: longer than any timeout that a scenario sets. */
const LIMIT_SECONDS = 10;

/** The command: the answer's head and body on standard output, whatever its status. */
export function curlOf(url: string, { method, headers = [], body, http2 = false }: Ask): string[] {
  return [
    ...["curl", "-sS", "-i", "-m", String(LIMIT_SECONDS)],
    ...(method === undefined ? [] : ["-X", method]),
    ...headers.flatMap((header) => ["-H", header]),
    ...(body === undefined ? [] : ["--data-binary", body, "-H", "expect:"]),
    ...(http2 ? ["--http2-prior-knowledge"] : []),
    url,
  ];
}

/** Reads what that command says. */
export function answerOf(out: string): Answer {
  let rest = out;
  for (;;) {
    const end = rest.indexOf("\r\n\r\n");
    const [first = "", ...fields] = rest.slice(0, Math.max(end, 0)).split("\r\n");
    const status = Number(/^HTTP\/[\d.]+ (\d{3})/.exec(first)?.[1] ?? 0);
    const body = end < 0 ? "" : rest.slice(end + 4);
    if (status < 100 || status >= 200 || status === 101) {
      const headers = fields.map((field) => {
        const colon = field.indexOf(":");
        return [field.slice(0, colon).toLowerCase(), field.slice(colon + 1).trim()] as const;
      });
      return { status, headers: Object.fromEntries(headers), body };
    }
    rest = body;
  }
}
