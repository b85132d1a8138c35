/** The ServiceProfiles by whose routes inbound counts requests (MET4, P17): found by what a request names, followed while that is in use. */

import { parseAuthority } from "#lib/addr/authority.ts";
import { isDnsName } from "#lib/addr/dns-name.ts";
import { isUnder, type NameSuffix } from "#lib/addr/suffix.ts";
import type { RequestHead } from "#lib/http/message.ts";
import { withoutQuery } from "#lib/http/target.ts";
import type { Clock, Timer } from "#lib/time/clock.ts";
import type { ServerDiscovery, Watch } from "../policy/discover.ts";
import type { Profile } from "../policy/profile.ts";
import { profileRule } from "../policy/profile-rule.ts";
import { meets, type RequestCondition } from "../policy/request-condition.ts";
import type { ProfileMetrics, ProfileSeries } from "../telemetry/profile-metrics.ts";

/** Names that are followed at most, as requests may make them up; of others nothing is counted. */
export const PROFILES_LIMIT = 256;

const HTTP_PORT = 80;

/** What is told of them. */
export interface InboundProfilesOptions {
  readonly discovery: Pick<ServerDiscovery, "watchProfile">;
  readonly clock: Clock;
  readonly metrics: ProfileMetrics;
  /** Names that may have a profile (DESTINATION_PROFILE_SUFFIXES). */
  readonly suffixes: readonly NameSuffix[];
  /** Milliseconds that requests wait for one that was not heard of yet (DESTINATION_PROFILE_INITIAL_TIMEOUT). */
  readonly initialMs: number;
  /** Milliseconds without a request after which it is followed no longer. */
  readonly idleMs: number;
}

/** All profiles of a proxy. */
export class InboundProfiles {
  readonly #options: InboundProfilesOptions;
  readonly #byName = new Map<string, NamedProfile>();

  constructor(options: InboundProfilesOptions) {
    this.#options = options;
  }

  /** The profile of what a request names; undefined where it may have none. */
  of(text: string): FollowedProfile | undefined {
    const { host = "", port = HTTP_PORT } = parseAuthority(text) ?? {};
    if (!(isDnsName(host) && isUnder(host, this.#options.suffixes))) return undefined;
    const key = `${host}:${port}`;
    const known = this.#byName.get(key);
    if (known !== undefined) return known;
    if (this.#byName.size >= PROFILES_LIMIT) return NO_ROOM;
    const made = new NamedProfile({ host, port }, this.#options, () => this.#byName.delete(key));
    this.#byName.set(key, made);
    return made;
  }

  /** Follows none any longer. */
  stop(): void {
    for (const each of this.#byName.values()) each.stop();
    this.#byName.clear();
  }
}

/** A profile as connections keep it. */
export interface FollowedProfile {
  /** It is followed no longer: whoever kept it asks for another one. */
  readonly gone: boolean;
  /** Whether a request, which keeps it in use, has to wait. */
  readonly waits: boolean;
  /** Wakes who waits. */
  wait(wake: () => void): void;
  /** What is counted of a request: its route is the first whose condition it meets; one that none takes is not counted. */
  find(head: Pick<RequestHead, "method" | "path" | "protocol">): ProfileSeries | undefined;
}

/** Of a name for which there is no room: the next request asks again. */
const NO_ROOM: FollowedProfile = {
  gone: true,
  waits: false,
  wait: () => undefined,
  find: () => undefined,
};

/** The profile of one name. */
class NamedProfile implements FollowedProfile {
  gone = false;
  readonly #options: InboundProfilesOptions;
  readonly #port: number;
  readonly #watch: Watch;
  readonly #patience: Timer;
  #idle: Timer;
  #usedMs: number;
  /** Nothing has been heard yet, and not for long. */
  #waits = true;
  readonly #waiting: (() => void)[] = [];
  #routes: readonly { readonly condition: RequestCondition; readonly series: ProfileSeries }[] = [];

  constructor(
    { host, port }: { readonly host: string; readonly port: number },
    options: InboundProfilesOptions,
    forget: () => void,
  ) {
    const { clock, initialMs, idleMs, discovery } = options;
    this.#options = options;
    this.#port = port;
    this.#usedMs = clock.now();
    this.#patience = clock.after(initialMs, () => this.#wake());
    this.#watch = discovery.watchProfile({ host, port }, (profile) => {
      this.#patience.cancel();
      this.#know(profile);
    });
    const look = (): void => {
      const leftMs = this.#usedMs + idleMs - clock.now();
      if (leftMs > 0) {
        this.#idle = clock.after(leftMs, look);
        return;
      }
      this.stop();
      forget();
    };
    // Who waits for it is woken first.
    this.#idle = clock.after(Math.max(idleMs, initialMs), look);
  }

  /** Follows it no longer. */
  stop(): void {
    this.gone = true;
    this.#patience.cancel();
    this.#idle.cancel();
    this.#watch.cancel();
  }

  get waits(): boolean {
    this.#usedMs = this.#options.clock.now();
    return this.#waits;
  }

  wait(wake: () => void): void {
    this.#waiting.push(wake);
  }

  find(head: Pick<RequestHead, "method" | "path" | "protocol">): ProfileSeries | undefined {
    if (this.#routes.length === 0) return undefined;
    const path = withoutQuery(head.path);
    for (const { condition, series } of this.#routes)
      if (meets(condition, path, head)) return series;
    return undefined;
  }

  #know(profile: Profile | undefined): void {
    const { name = "", routes = [] } = profile ?? {};
    const { metrics } = this.#options;
    const dst = `${name}:${this.#port}`;
    this.#routes = (name === "" ? [] : routes).map((route) => ({
      condition: route.condition,
      series: metrics.of("inbound", profileRule(dst, route)),
    }));
    this.#wake();
  }

  #wake(): void {
    this.#waits = false;
    for (const wake of this.#waiting.splice(0)) wake();
  }
}
