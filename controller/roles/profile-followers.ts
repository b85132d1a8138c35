/** Who follows the profiles of which Services and workloads, and how often these were told anew (CPM1). */

import type { Registry } from "#lib/metrics/registry.ts";
import type { AnswerFollowers } from "../api/shared-answers.ts";
import type { ProfileCatalog, ProfileQuery } from "../core/catalog.ts";
import { HeldGauges } from "./held-gauges.ts";

type Labels = Readonly<Record<string, string>>;

/** What somebody who asked for a profile follows, by the labels of its series. */
type Followed = {
  readonly services: readonly Labels[];
  /** Where a ServiceProfile may be: in the client's namespace and in the Service's. */
  readonly profiles: readonly Labels[];
  readonly workloads: readonly Labels[];
};

const NOTHING: Followed = { services: [], profiles: [], workloads: [] };

/** The families; a follower counts for what the destination was when the first of those came who share its answer. */
export function profileFollowers(
  registry: Registry,
  from: { readonly profiles: Pick<ProfileCatalog, "profile">; readonly clusterDomain: string },
): AnswerFollowers<ProfileQuery> {
  const subscribers = (name: string, what: string): HeldGauges =>
    new HeldGauges(registry.gauge(`${name}_subscribers`, `Streams that follow ${what}.`));
  const gauges = {
    services: subscribers("service", "what a Service's profile says of it"),
    profiles: subscribers("profile", "a ServiceProfile, whether there is one or not"),
    workloads: subscribers("workload", "the profile of a workload"),
  };
  const updates = (name: string, what: string): ReturnType<Registry["counter"]> =>
    registry.counter(
      `${name}_updates`,
      `How often ${what} that is followed was told anew, once for all who share an answer.`,
    );
  const counters = {
    profiles: updates("profile", "a Service's profile"),
    workloads: updates("workload", "a workload's profile"),
  };
  const all = new Map<ProfileQuery, { readonly followed: Followed; count: number }>();
  const kinds = ["services", "profiles", "workloads"] as const;
  return {
    joined: (query) => {
      const entry = all.get(query) ?? { followed: followedBy(query, from), count: 0 };
      all.set(query, entry);
      entry.count++;
      for (const kind of kinds)
        for (const labels of entry.followed[kind]) gauges[kind].joined(labels);
    },
    left: (query) => {
      const entry = all.get(query);
      if (entry === undefined) return;
      entry.count--;
      if (entry.count === 0) all.delete(query);
      for (const kind of kinds)
        for (const labels of entry.followed[kind]) gauges[kind].left(labels);
    },
    changed: (query) => {
      const { profiles, workloads } = all.get(query)?.followed ?? NOTHING;
      for (const labels of profiles) counters.profiles.with(labels).increment();
      for (const labels of workloads) counters.workloads.with(labels).increment();
    },
  };
}

function followedBy(
  query: ProfileQuery,
  from: { readonly profiles: Pick<ProfileCatalog, "profile">; readonly clusterDomain: string },
): Followed {
  const profile = from.profiles.profile(query);
  if (profile?.type === "service") {
    const { name, namespace } = profile;
    const places = new Set([query.client, namespace].filter((each) => each !== ""));
    const fqdn = `${name}.${namespace}.svc.${from.clusterDomain}`;
    return {
      services: [{ namespace, name }],
      profiles: [...places].map((place) => ({ namespace: place, profile: fqdn })),
      workloads: [],
    };
  }
  if (profile?.type !== "endpoint") return NOTHING;
  const { target } = query;
  const at = target.type === "address" ? target : profile.endpoint;
  if (at === undefined) return NOTHING;
  return { ...NOTHING, workloads: [{ ip: at.ip, port: String(at.port) }] };
}
