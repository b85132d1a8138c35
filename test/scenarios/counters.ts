/** Whether proxies have counted what clients were answered and backends have served: to the request. */

import type { Sample } from "#lib/metrics/parse.ts";
import { labelOf, sumOf } from "../demo/bed.ts";
import type { Backend, Caller } from "./workloads.ts";
import type { World } from "./world.ts";

/** All that was counted so far. */
export type Figures = {
  /** Answers of backends, as meshed clients and others have got them. */
  readonly meshed: number;
  readonly unmeshed: number;
  /** Requests that backends in the cluster have seen, and those outside of it. */
  readonly served: number;
  readonly outside: number;
  /** Requests and responses by the proxies of backends and of clients. */
  readonly inbound: Pair;
  readonly outbound: Pair;
  /** Requests of meshed clients that the proxies of backends have answered themselves. */
  readonly refused: number;
};
type Pair = { readonly requests: number; readonly responses: number };

const MESHED: readonly Caller[] = ["client", "other", "stranger"];
const ECHOES: readonly Backend[] = ["web-v1", "web-v2", "web-v3", "far"];
const REFUSALS = ["inbound_http_authz_deny_total", "inbound_http_route_not_found_total"];
const ALLOWED = "inbound_http_authz_allow_total";

/** Reads them all. */
export async function figuresOf(world: World): Promise<Figures> {
  const [inbound, outbound, { outside, ...served }] = await Promise.all([
    Promise.all(ECHOES.map((each) => world.pods.samples(each))).then((all) =>
      // What is read here asks for it, too.
      all.flat().filter((sample) => labelOf(sample, "target_port") !== "4191"),
    ),
    Promise.all(MESHED.map((each) => world.pods.samples(each))).then((all) => all.flat()),
    world.pods.counted(),
  ]);
  const theirs = inbound.filter((sample) => labelOf(sample, "tls") === "true");
  const refused = (): number => {
    const denied = REFUSALS.reduce((sum, name) => sum + sumOf(theirs, name), 0);
    // What was allowed and did not go on was limited, redirected, or by a rule that cannot be read.
    const held = sumOf(theirs, ALLOWED) - sumOf(theirs, "request_total", { direction: "inbound" });
    return denied + held;
  };
  return {
    ...{ meshed: world.asked.meshed, unmeshed: world.asked.unmeshed },
    ...{ served: Object.values(served).reduce((total, each) => total + each, 0), outside },
    inbound: pairOf(inbound, "inbound"),
    outbound: pairOf(outbound, "outbound"),
    refused: refused(),
  };
}

const pairOf = (samples: readonly Sample[], direction: string): Pair => ({
  requests: sumOf(samples, "request_total", { direction }),
  responses: sumOf(samples, "response_total", { direction }),
});

/** What does not fit of what was counted between two readings; `apart` where backends see more or less than clients ask. */
export function differences(before: Figures, after: Figures, apart: boolean): string[] {
  const [then, now] = [flat(before), flat(after)];
  const grown = (name: keyof Flat): number => now[name] - then[name];
  const found: string[] = [];
  const equal = (what: string, one: number, other: number): void => {
    if (one !== other) found.push(`${what}: ${one} and ${other}`);
  };
  const served = grown("served") + grown("outside");
  if (!apart)
    equal(
      "answers of backends, and requests they served",
      grown("meshed") + grown("unmeshed"),
      served,
    );
  equal(
    "requests that came to backends, and those their proxies counted",
    grown("served"),
    grown("inRequests"),
  );
  equal("requests and responses of backends' proxies", grown("inRequests"), grown("inResponses"));
  equal("requests and responses of clients' proxies", grown("outRequests"), grown("outResponses"));
  const sent = served - grown("unmeshed") + grown("refused");
  equal(
    "requests of meshed clients that were taken or refused, and those their proxies sent",
    sent,
    grown("outRequests"),
  );
  return found;
}

type Flat = ReturnType<typeof flat>;

const flat = ({ inbound, outbound, ...others }: Figures) => ({
  ...others,
  inRequests: inbound.requests,
  inResponses: inbound.responses,
  outRequests: outbound.requests,
  outResponses: outbound.responses,
});
