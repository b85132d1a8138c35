/** What the access log is told of an answer (P53). */

import type { RequestHead, ResponseHead } from "#lib/http/message.ts";
import type { Clock } from "#lib/time/clock.ts";
import type { Forwarded } from "../http/forwarded.ts";
import type { ServerPolicy } from "../policy/server-policy.ts";
import type { AccessEntry } from "../telemetry/access-log.ts";

/** The entry of a request that is answered now. */
export function accessEntry(
  request: Forwarded<ServerPolicy>,
  head: ResponseHead,
  {
    client,
    clientId,
    clock,
  }: {
    /** Its address and port. */
    readonly client: string;
    readonly clientId: string;
    readonly clock: Clock;
  },
): AccessEntry {
  const totalMs = clock.now() - request.tally.startedMs;
  const { sends, sentMs } = request.attempt;
  return {
    client,
    clientId: clientId === "" ? undefined : clientId,
    request: logged(request),
    status: head.status,
    responseBytes: head.headers.get("content-length"),
    wallMs: clock.wall() - totalMs,
    totalMs,
    processingMs: sends === 0 ? totalMs : sentMs - request.tally.startedMs,
  };
}

/** The request as it came. One that was carried from proxy to proxy is of the version that its client spoke. */
function logged({ arrived, request }: Forwarded<ServerPolicy>): RequestHead {
  return arrived === undefined ? request : { ...arrived, version: request.version };
}
