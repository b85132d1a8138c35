/** What is decided for a caller by the rules of one policy, and counted. */

import type { RequestHead } from "#lib/http/message.ts";
import type { Counter } from "#lib/metrics/counter.ts";
import { authorize, isAudit } from "../policy/authorization.ts";
import { findRoute } from "../policy/route-match.ts";
import type { InboundRule, ServerPolicy } from "../policy/server-policy.ts";
import type { TapLabels } from "../tap/tap-values.ts";
import { authorityLabel, HostSeries } from "../telemetry/host-series.ts";
import type { HttpScope } from "../telemetry/http-metrics.ts";
import type { InboundSeries } from "../telemetry/inbound-families.ts";
import { clientTlsLabels, policyLabels, serverLabels, targetLabels } from "../telemetry/labels.ts";
import type { Runtime } from "../transport/runtime.ts";
import { type RequestWord, sayOfRequest } from "./authorization-log.ts";
import { Refusals, type RefusedLabels } from "./refusals.ts";
import type { InboundCaller } from "./stack.ts";

/** What was decided for a caller and a rule of its port's policy. */
export interface Decision {
  /** Undefined where it is denied. */
  readonly scope: HttpScope | undefined;
  /** In place of that, by what requests name; undefined where that is not told (LBL3). */
  readonly authorities: HostSeries<HttpScope> | undefined;
  /** Counts requests that are let through; undefined where they are for the proxy itself. */
  readonly series: InboundSeries | undefined;
  readonly allowed: Counter | undefined;
  readonly denied: Counter;
  /** Allowed only so that somebody sees who calls. */
  readonly audited: boolean;
}

/** The decisions of one caller under the policy that its port has now. */
export class Decisions {
  readonly #runtime: Pick<Runtime, "errors" | "http" | "log">;
  readonly #connection: InboundCaller;
  readonly #policy: ServerPolicy;
  /** By the rule's index, as they are asked for. */
  readonly #made: (Decision | undefined)[] = [];
  #refusals: Refusals | undefined;

  constructor(runtime: Pick<Runtime, "errors" | "http" | "log">, connection: InboundCaller) {
    this.#runtime = runtime;
    this.#connection = connection;
    this.#policy = connection.port.current;
  }

  /** What is counted of requests that are refused. */
  get refusals(): Refusals {
    this.#refusals ??= new Refusals(this.#runtime.errors, this.#labels());
    return this.#refusals;
  }

  of(rule: InboundRule): Decision {
    return this.#made[rule.index] ?? this.#decide(rule);
  }

  /** Tells of a request that was decided on. */
  say(word: RequestWord, rule: InboundRule, { method }: Pick<RequestHead, "method">): void {
    const { caller, port } = this.#connection;
    sayOfRequest(this.#runtime, word, { caller, port, rule, method });
  }

  /** What a request is called by: its server, its route, and what lets it in. */
  labelsOf(head: RequestHead): TapLabels {
    const { caller } = this.#connection;
    const { labels, routes } = this.#policy;
    const rule = findRoute(routes, head)?.target;
    const authorization = rule && authorize(rule, caller);
    const { group: srv_group, kind: srv_kind, name: srv_name } = labels;
    const named = [
      rule && policyLabels("route", rule.labels),
      authorization && policyLabels("authz", authorization.labels),
    ];
    return Object.assign({ srv_group, srv_kind, srv_name }, ...named) as TapLabels;
  }

  #decide(rule: InboundRule): Decision {
    const { caller, counts, port } = this.#connection;
    const authorization = authorize(rule, caller);
    const route = policyLabels("route", rule.labels);
    const authz = authorization && policyLabels("authz", authorization.labels);
    const common = this.#labels().caller;
    const { errors, http } = this.#runtime;
    const scopeOf = (authority: string): HttpScope =>
      http.scope(
        { direction: "inbound", ...authorityLabel(authority) },
        common,
        route,
        authz ?? {},
      );
    const decision = {
      scope: authz && scopeOf(""),
      authorities: counts?.authorities === true ? new HostSeries(scopeOf, true) : undefined,
      series: counts?.ofRule(rule, this.#policy, port.port),
      allowed: authz && errors.httpAllow.with({ ...common, ...route, ...authz }),
      denied: errors.httpDeny.with({ ...common, ...route }),
      audited: authorization !== undefined && isAudit(authorization),
    };
    this.#made[rule.index] = decision;
    return decision;
  }

  #labels(): RefusedLabels {
    const { caller, target, port } = this.#connection;
    const called = targetLabels(target);
    const server = serverLabels(this.#policy.labels, port.port);
    const tls = clientTlsLabels(caller.tls);
    return { server: { ...called, ...server }, caller: { ...called, ...tls, ...server } };
  }
}
