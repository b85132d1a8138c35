/** A request of the inbound side as those see it who look at it. */

import type { RequestHead } from "#lib/http/message.ts";
import type { TapSubject } from "../tap/tap-match.ts";
import { type TapLabels, tapTls } from "../tap/tap-values.ts";
import { clientTlsLabels } from "../telemetry/labels.ts";
import type { InboundCaller } from "./stack.ts";

/** The request, as it goes to the application; `labels` are those of its server, route and authorization. */
export function tapSubject(
  request: RequestHead,
  { caller, callerPort, target }: Pick<InboundCaller, "caller" | "callerPort" | "target">,
  labels: TapLabels,
): TapSubject {
  const source = { ip: caller.ip, port: callerPort };
  return {
    ...{ direction: "inbound", request, source, destination: target },
    sourceTls: tapTls(clientTlsLabels(caller.tls)),
    // The application is in this pod.
    destinationTls: { tls: "loopback" },
    destinationLabels: labels,
    routeLabels: undefined,
  };
}
