/** A Prometheus that is asked by its HTTP API. */

import type { Sample } from "#lib/metrics/parse.ts";
import { parseVector } from "../viz/core/prometheus.ts";
import { CommandError } from "./command.ts";
import { limitedBody } from "./limited-body.ts";

/** An answer has up to so many bytes, and so much time. */
export const ANSWER_LIMIT_BYTES: number = 32 * 1024 * 1024;
const ANSWER_LIMIT_MS = 60_000;

/** Asks for an instant vector; its samples come under a family's name. Throws CommandError. */
export type Ask = (query: string, family: string) => Promise<readonly Sample[]>;

/** The one at a URL, which may have a path and a user's name. Throws CommandError where it is none. */
export function prometheusAt(url: string): Ask {
  const base = URL.canParse(url) ? new URL(url) : undefined;
  if (base === undefined || !/^https?:$/.test(base.protocol))
    throw new CommandError(
      `Cannot use --prometheusURL ${url}: it is no URL such as http://localhost:9090`,
    );
  const { username, password } = base;
  [base.username, base.password, base.search, base.hash] = ["", "", "", ""];
  const api = `${base.href.replace(/\/$/, "")}/api/v1/query`;
  const user = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  const headers: Record<string, string> =
    username === "" ? {} : { authorization: `Basic ${Buffer.from(user).toString("base64")}` };
  return async (query, family) => {
    try {
      return parseVector(await post(api, { query, headers }), family);
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      throw new CommandError(`Cannot ask Prometheus at ${base.href}: ${why}`, { cause: error });
    }
  };
}

/** A query of many names is too long for a URL. */
async function post(
  api: string,
  { query, headers }: { readonly query: string; readonly headers: Record<string, string> },
): Promise<string> {
  const signal = AbortSignal.timeout(ANSWER_LIMIT_MS);
  const body = new URLSearchParams({ query });
  const response = await fetch(api, { method: "POST", headers, body, signal });
  const text = await limitedBody(response, ANSWER_LIMIT_BYTES);
  if (text === undefined)
    throw new Error(`the answer is longer than ${ANSWER_LIMIT_BYTES / 1024 / 1024} MiB`);
  // What is wrong with a query is told in the answer.
  const isJson = response.headers.get("content-type")?.startsWith("application/json") === true;
  if (!response.ok && !isJson) throw new Error(`it answers ${response.status}`);
  return text;
}
