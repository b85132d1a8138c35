/** A request of the inbound side as those see it who look at it. */

import type { SocketAddr } from "#lib/addr/socket-addr.ts";
import type { RequestHead } from "#lib/http/message.ts";
import type { Caller } from "../policy/authorization.ts";
import type { TapSubject } from "../tap/tap-match.ts";
import { type TapLabels, tapTls } from "../tap/tap-values.ts";
import { clientTlsLabels } from "../telemetry/labels.ts";

/** The request, as it goes to the application. */
export function tapSubject(
  request: RequestHead,
  {
    caller,
    source,
    target,
    labels,
  }: {
    readonly caller: Caller;
    readonly source: SocketAddr;
    readonly target: SocketAddr;
    /** Of its server, route and authorization. */
    readonly labels: TapLabels;
  },
): TapSubject {
  return {
    ...{ direction: "inbound", request, source, destination: target },
    sourceTls: tapTls(clientTlsLabels(caller.tls)),
    // The application is in this pod.
    destinationTls: { tls: "loopback" },
    destinationLabels: labels,
    routeLabels: undefined,
  };
}
