/** How long requests of a rule may take, into the proxy's own types. */

import type { Duration } from "@bufbuild/protobuf/wkt";
import type { Timeouts as TimeoutsMessage } from "#lib/api/gen/proxy/http_route_pb.ts";
import type { Timeouts } from "../policy/client-policy.ts";
import { toMs } from "./convert.ts";
import { PolicyError } from "./policy-error.ts";

/** Reads the times of a rule; the older field counts where the newer one is not set. */
export function toTimeouts({
  timeouts,
  requestTimeout,
}: {
  readonly timeouts?: TimeoutsMessage | undefined;
  readonly requestTimeout?: Duration | undefined;
}): Timeouts {
  return {
    requestMs: toLimit(timeouts?.request ?? requestTimeout),
    responseMs: toLimit(timeouts?.response),
    idleMs: toLimit(timeouts?.idle),
  };
}

/** Milliseconds; no time at all is no limit (Gateway API), and a negative one refuses the policy. */
export function toLimit(duration: Duration | undefined): number | undefined {
  const ms = toMs(duration, 0);
  if (ms < 0) throw new PolicyError("time", "a time is negative");
  return ms === 0 ? undefined : ms;
}
