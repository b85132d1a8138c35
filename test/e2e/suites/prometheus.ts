/** Debian's Prometheus scrapes what Kubernetes discovery finds by the configuration that we ship; its rules evaluate. */

import type { TargetGroup } from "../../../deploy/prometheus/targets.ts";
import { startLoad } from "../load.ts";
import { ensureMeshedShop } from "../mesh.ts";
import type { Place } from "../place.ts";
import { Prometheus } from "../prometheus.ts";
import { eventually } from "../shell.ts";
import { expectThat, type Suite } from "../suite.ts";

/** Two scrapes, two evaluations, and what lies between. */
const WITHIN_SECONDS = 90;
const LOAD_SECONDS = 60;

async function everythingIsScraped(place: Place, prometheus: Prometheus): Promise<void> {
  const count = async (line: string): Promise<number> =>
    (await place.shell(line)).trim().split(/\s+/).length;
  const names = `-o jsonpath='{range .items[?(@.status.phase=="Running")]}{.metadata.name} {end}'`;
  const expected = {
    "linkerd-proxy": await count(
      `kubectl get pods -A -l linkerd.io/control-plane-ns=linkerd ${names}`,
    ),
    "linkerd-cni": await count(`kubectl -n linkerd-cni get pods ${names}`),
    // Destination answers for discovery and for policy at one port.
    "linkerd-controller": await count(`kubectl -n linkerd get pods ${names}`),
  };
  for (const [job, wanted] of Object.entries(expected)) {
    const up = await prometheus.query(`up{job="${job}"}`);
    const down = up.filter(({ value }) => value[1] !== "1");
    expectThat(
      up.length === wanted && down.length === 0,
      `${job}: ${up.length} of ${wanted} are scraped, down are ${JSON.stringify(down)}`,
    );
  }
}

interface Rules {
  readonly groups: readonly {
    readonly rules: readonly { readonly name: string; readonly health: string }[];
  }[];
}

async function rulesEvaluate(prometheus: Prometheus): Promise<void> {
  const { groups } = await prometheus.ask<Rules>("rules");
  const rules = groups.flatMap((group) => group.rules);
  const bad = rules.filter(({ health }) => health !== "ok");
  expectThat(rules.length > 5, `there are ${rules.length} rules`);
  expectThat(bad.length === 0, `not evaluated: ${bad.map(({ name }) => name).join(", ")}`);
  const rate = 'workload:requests:rate1m{deployment="web",direction="inbound"}';
  const [sample] = await prometheus.query(rate);
  expectThat(Number(sample?.value[1]) > 1, `${rate} is ${sample?.value[1]}`);
}

/** `diagnostics prometheus-targets` stands in for that discovery: in what it says they agree. */
async function standInAgrees(place: Place, prometheus: Prometheus): Promise<void> {
  const found = new Map<string, TargetGroup>();
  for (const job of ["linkerd-controller", "linkerd-proxy", "linkerd-cni"])
    for (const target of await prometheus.discovered(job)) found.set(keyOf(target), target);
  const printed = await place.shell("bunkerd diagnostics prometheus-targets");
  for (const target of JSON.parse(printed) as TargetGroup[]) {
    const { labels = {} } = found.get(keyOf(target)) ?? {};
    const wrong = Object.entries(target.labels).filter(([name, value]) => labels[name] !== value);
    expectThat(wrong.length === 0, `${keyOf(target)}: discovery has not ${JSON.stringify(wrong)}`);
  }
}

const keyOf = ({ targets, labels }: TargetGroup): string =>
  `${targets[0]} ${labels["__meta_kubernetes_pod_container_name"]}`;

async function scrape(place: Place): Promise<void> {
  const prometheus = await Prometheus.start(place);
  try {
    const load = await startLoad(place, {
      ...{ name: "scraped", namespace: "shop", service: "web", path: "/", meshed: true },
      ...{ rate: 20, seconds: LOAD_SECONDS },
    });
    await eventually("all is scraped", WITHIN_SECONDS, () =>
      everythingIsScraped(place, prometheus),
    );
    await eventually("all rules evaluate", WITHIN_SECONDS, () => rulesEvaluate(prometheus));
    await eventually("targets agree", WITHIN_SECONDS, () => standInAgrees(place, prometheus));
    await load.result();
  } finally {
    await prometheus.stop();
  }
}

/** The suite. */
export const PROMETHEUS: Suite = {
  name: "prometheus",
  cases: [
    { name: "the mesh is there with an application in it", run: ensureMeshedShop },
    {
      name: "every proxy, controller and agent is found through Kubernetes and scraped, and rules evaluate",
      runBelow: scrape,
    },
  ],
};
