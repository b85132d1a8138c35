/** How scenarios ask by curl, and what comes back. */

/** What is asked, beside the address. */
export type Ask = {
  readonly method?: string;
  /** `name: value`, as curl writes them. */
  readonly headers?: readonly string[];
  readonly body?: string;
  readonly http2?: boolean;
  /** Seconds that one request may take; 10 unless given. */
  readonly limitSeconds?: number;
  /** Where the name of the URL leads; the Service of that name unless given. */
  readonly address?: string;
};

/** An answer; of a connection that gave none the status is 0. */
export type Answer = {
  readonly status: number;
  /** By names in lower case; the last one where a name comes more often. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
};

/** What came of one of many requests; the backend is empty where none answered. */
export type Brief = { readonly status: number; readonly backend: string };

/** The limit of one request, in seconds: longer than any timeout that a scenario sets. */
const LIMIT_SECONDS = 10;

const optionsOf = ({ method, headers = [], body, http2, limitSeconds }: Ask): string[] => [
  ...["-sS", "-m", String(limitSeconds ?? LIMIT_SECONDS)],
  ...(method === undefined ? [] : ["-X", method]),
  ...headers.flatMap((header) => ["-H", header]),
  ...(body === undefined ? [] : ["--data-binary", "@-", "-H", "expect:"]),
  ...(http2 === true ? ["--http2-prior-knowledge"] : []),
];

/** The command: the answer's head and body on standard output, whatever its status; the body is read from standard input. */
export const curlOf = (url: string, how: Ask): string[] => [
  ...["curl", "-i", "-k", "--path-as-is", "-g"],
  ...optionsOf(how),
  url,
];

/** The command for many requests, one after the other over one connection; a line for each answer. */
export function manyOf(url: string, count: number, how: Ask): string[] {
  const joint = url.includes("?") ? "&" : "?";
  const line = "%{http_code} %header{x-backend}\\n";
  const numbered = `${url}${joint}n=[1-${count}]`;
  return [
    "curl",
    ...optionsOf({ limitSeconds: 60, ...how }),
    "-o",
    "/dev/null",
    "-w",
    line,
    numbered,
  ];
}

/** Reads what the first of them says. */
export function answerOf(out: string): Answer {
  let rest = out;
  for (;;) {
    const end = rest.indexOf("\r\n\r\n");
    const [first = "", ...lines] = rest.slice(0, Math.max(end, 0)).split("\r\n");
    const status = Number(/^HTTP\/[\d.]+ (\d{3})/.exec(first)?.[1] ?? 0);
    const body = end < 0 ? "" : rest.slice(end + 4);
    if (status < 100 || status >= 200 || status === 101) {
      const headers = lines.map((field) => {
        const colon = field.indexOf(":");
        return [field.slice(0, colon).toLowerCase(), field.slice(colon + 1).trim()] as const;
      });
      return { status, headers: Object.fromEntries(headers), body };
    }
    rest = body;
  }
}

/** Reads what the second says. */
export const briefsOf = (out: string): Brief[] =>
  out
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => {
      const [status = "0", backend = ""] = line.split(" ");
      return { status: Number(status), backend };
    });
