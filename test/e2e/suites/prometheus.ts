/** Debian's Prometheus scrapes the mesh by the configuration that we ship, and its rules evaluate. */

import { startLoad } from "../load.ts";
import { ensureMeshedShop } from "../mesh.ts";
import type { Place } from "../place.ts";
import { eventually } from "../shell.ts";
import { expectThat, type Suite } from "../suite.ts";

const ROOT = new URL("../../..", import.meta.url).pathname;
const TARGETS = "127.0.0.1:9089";
const API = "127.0.0.1:9099";
/** Debian's is built without Kubernetes' discovery; `prometheus-targets` stands in for it. Prints what is to be ended. */
const START = `
dir=$(mktemp -d)
bun ${ROOT}deploy/prometheus/main.ts --out $dir --targets http://${TARGETS}/
bunkerd diagnostics prometheus-targets --listen ${TARGETS} > /dev/null 2>&1 < /dev/null & targets=$!
prometheus --config.file=$dir/prometheus.yml --storage.tsdb.path=$dir/data --web.listen-address=${API} > $dir/log 2>&1 < /dev/null &
echo $dir $targets $!`;

/** Two scrapes, two evaluations, and what lies between. */
const WITHIN_SECONDS = 90;
const LOAD_SECONDS = 60;

interface Sample {
  readonly metric: Readonly<Record<string, string>>;
  readonly value: readonly [number, string];
}

const ask = async <T>(place: Place, path: string): Promise<T> => {
  const answer = await place.shell(`curl -sS -G http://${API}/api/v1/${path}`);
  return (JSON.parse(answer) as { data: T }).data;
};

const query = async (place: Place, expression: string): Promise<readonly Sample[]> =>
  (await ask<{ result: readonly Sample[] }>(place, `query --data-urlencode 'query=${expression}'`))
    .result;

async function everythingIsScraped(place: Place): Promise<void> {
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
    const up = await query(place, `up{job="${job}"}`);
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

async function rulesEvaluate(place: Place): Promise<void> {
  const { groups } = await ask<Rules>(place, "rules");
  const rules = groups.flatMap((group) => group.rules);
  const bad = rules.filter(({ health }) => health !== "ok");
  expectThat(rules.length > 5, `there are ${rules.length} rules`);
  expectThat(bad.length === 0, `not evaluated: ${bad.map(({ name }) => name).join(", ")}`);
  const rate = 'workload:requests:rate1m{deployment="web",direction="inbound"}';
  const [sample] = await query(place, rate);
  expectThat(Number(sample?.value[1]) > 1, `${rate} is ${sample?.value[1]}`);
}

async function scrape(place: Place): Promise<void> {
  const [dir, ...processes] =
    (await place.shell(START)).trim().split("\n").at(-1)?.split(" ") ?? [];
  try {
    const load = await startLoad(place, {
      ...{ name: "scraped", namespace: "shop", service: "web", path: "/", meshed: true },
      ...{ rate: 20, seconds: LOAD_SECONDS },
    });
    await eventually("all is scraped", WITHIN_SECONDS, () => everythingIsScraped(place));
    await eventually("all rules evaluate", WITHIN_SECONDS, () => rulesEvaluate(place));
    await load.result();
  } finally {
    await place.shell(`kill ${processes.join(" ")}; rm -r ${dir}`);
  }
}

/** The suite. */
export const PROMETHEUS: Suite = {
  name: "prometheus",
  cases: [
    { name: "the mesh is there with an application in it", run: ensureMeshedShop },
    { name: "every proxy, controller and agent is scraped, and rules evaluate", runBelow: scrape },
  ],
};
