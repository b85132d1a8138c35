/** What is told of HTTP/1 that was refused: one count and one line of bounded length. */

import type { Http1Error } from "#lib/http1/http1-error.ts";
import type { Runtime } from "../transport/runtime.ts";

/** Counts and logs it. */
export function recordRefusal(
  { errors, log }: Pick<Runtime, "errors" | "log">,
  error: Http1Error,
  { direction, client }: { readonly direction: "inbound" | "outbound"; readonly client: string },
): void {
  const labels = { direction, kind: error.code, status: String(error.status) };
  errors.http1Refused.with(labels).increment();
  log.info("Refused an HTTP/1 client", { direction, client, reason: error.message });
}
