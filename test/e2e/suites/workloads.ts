/** Workloads of every kind in the mesh: probes, jobs, sets, hosts' network, Services, kubectl's sessions. */

import {
  EXTERNAL_IP,
  HOSTS,
  NAMESPACE,
  NODE_PORT,
  WORKLOADS as OBJECTS,
} from "../app/workloads.ts";
import { ensureMeshedShop } from "../mesh.ts";
import type { Below, Place } from "../place.ts";
import { eventually } from "../shell.ts";
import { expectThat, type Suite } from "../suite.ts";

const APP = "/usr/bin/bun /app/test/e2e/app/main.ts";
const LIST = JSON.stringify({ apiVersion: "v1", kind: "List", items: OBJECTS });
const ON_CALLER = `kubectl -n ${NAMESPACE} exec deploy/caller -c http --`;
/** As long as the strictest liveness probe needs to fail a few times. */
const PROBED_SECONDS = 10;

interface Pod {
  readonly metadata: { readonly name: string; readonly labels: Readonly<Record<string, string>> };
  readonly spec: {
    readonly initContainers?: readonly { readonly name: string }[];
    readonly containers: readonly { readonly name: string }[];
  };
  readonly status: {
    readonly phase: string;
    readonly startTime: string;
    readonly containerStatuses?: readonly Status[];
  };
}
interface Status {
  readonly name: string;
  readonly ready: boolean;
  readonly restartCount: number;
}

const podsOf = async (place: Place, namespace: string, app: string): Promise<Pod[]> => {
  const text = await place.shell(`kubectl -n ${namespace} get pods -l app=${app} -o json`);
  return (JSON.parse(text) as { items: Pod[] }).items;
};

const isMeshed = ({ spec }: Pod): boolean =>
  (spec.initContainers ?? []).some(({ name }) => name === "linkerd-proxy");

async function deploy(place: Place): Promise<void> {
  await place.shell("kubectl apply -f -", { input: LIST });
  for (const name of ["deploy/probed", "deploy/caller", "statefulset/set"])
    await place.shell(`kubectl -n workloads rollout status ${name} --timeout=120s`);
}

async function probesPass(place: Place): Promise<void> {
  const [pod] = await podsOf(place, NAMESPACE, "probed");
  if (pod === undefined) throw new Error("there is no pod");
  expectThat(isMeshed(pod), "it is not meshed");
  const until = Date.parse(pod.status.startTime) + PROBED_SECONDS * 1000;
  const statuses = await eventually("it has run for a while", PROBED_SECONDS * 3, async () => {
    expectThat(Date.now() > until, "it is young");
    const [now] = await podsOf(place, NAMESPACE, "probed");
    return now?.status.containerStatuses ?? [];
  });
  const bad = statuses.filter(({ ready, restartCount }) => !ready || restartCount > 0);
  expectThat(statuses.length === 4, `it has ${statuses.length} containers`);
  expectThat(bad.length === 0, `not well: ${JSON.stringify(bad)}`);
}

/** What meshed calls answer, a line each. */
const call = async (place: Place, ...urls: readonly string[]): Promise<string[]> =>
  (await place.shell(`${ON_CALLER} ${APP} call ${urls.join(" ")}`)).trim().split("\n");

async function servicesAnswer(place: Place): Promise<void> {
  const [http, second, alias, external, ...sets] = await call(
    place,
    ...["http://probed/", "http://probed:81/", "http://alias/", `http://${EXTERNAL_IP}/`],
    ...["http://set-0.set:8080/", "http://set-1.set:8080/", "http://set:8080/"],
  );
  for (const line of [http, alias, external])
    expectThat(/^200 hello from probed-\S+ at 8080$/.test(line ?? ""), line ?? "nothing");
  expectThat(/^200 hello from probed-\S+ at 9090$/.test(second ?? ""), second ?? "nothing");
  expectThat(sets[0] === "200 hello from set-0 at 8080", sets[0] ?? "nothing");
  expectThat(sets[1] === "200 hello from set-1 at 8080", sets[1] ?? "nothing");
  expectThat(/^200 hello from set-[01] at 8080$/.test(sets[2] ?? ""), sets[2] ?? "nothing");
}

/** A caller's requests to a Service and to a pod by its name arrive with its identity. */
async function callsAreAuthenticated(place: Place): Promise<void> {
  for (const url of ["http://probed/headers", "http://set-0.set:8080/headers"]) {
    const [line = ""] = await call(place, url);
    const identity = "default.workloads.serviceaccount.identity.linkerd.cluster.local";
    expectThat(line.includes(`"l5d-client-id":"${identity}"`), `${url}: ${line}`);
  }
}

async function nodePortAnswers(_: Place, below: Below): Promise<void> {
  for (const node of ["10.98.0.11", "10.98.0.12"]) {
    const text = await below.onSwitch(`curl -sS --max-time 10 http://${node}:${NODE_PORT}/`);
    expectThat(text.startsWith("hello from probed-"), text);
  }
}

async function jobsComplete(place: Place): Promise<void> {
  await place.shell(`kubectl -n ${NAMESPACE} wait job/once --for=condition=Complete --timeout=60s`);
  await eventually("the CronJob's first job completes", 90, async () => {
    const jobs = await place.shell(
      `kubectl -n ${NAMESPACE} get jobs -o jsonpath='{range .items[?(@.status.succeeded==1)]}{.metadata.name} {end}'`,
    );
    expectThat(jobs.includes("minutely-"), `complete are ${jobs}`);
  });
  const pods = await podsOf(place, NAMESPACE, "once");
  expectThat(pods.length > 1 && pods.every(isMeshed), "their pods are not meshed");
}

async function hostNetworkIsLeftAlone(place: Place): Promise<void> {
  await place.shell(`kubectl -n ${HOSTS} rollout status deploy/host --timeout=60s`);
  const [pod] = await podsOf(place, HOSTS, "host");
  expectThat(pod !== undefined && !isMeshed(pod), "it is meshed");
}

async function sessionsWork(place: Place): Promise<void> {
  const logs = await place.shell(`kubectl -n ${NAMESPACE} logs deploy/caller -c linkerd-proxy`);
  expectThat(logs !== "", "the proxy has no log");
  const echoed = await place.shell(`echo through | ${ON_CALLER.replace("exec", "exec -i")} \
    /usr/bin/bun -e 'process.stdout.write(await Bun.stdin.text())'`);
  expectThat(echoed === "through\n", echoed);
  const forwarded = await place.shell(`
    kubectl -n workloads port-forward statefulset/set 28080:8080 >/dev/null & forward=$!
    trap "kill $forward" EXIT
    curl -sS --retry 50 --retry-connrefused --retry-delay 0 --retry-max-time 20 http://127.0.0.1:28080/`);
  expectThat(/^hello from set-\d at 8080\n$/.test(forwarded), forwarded);
}

async function remove(place: Place): Promise<void> {
  await place.shell("kubectl delete -f - --ignore-not-found --timeout=120s", { input: LIST });
}

/** The suite. */
export const WORKLOADS: Suite = {
  name: "workloads",
  clear: remove,
  cases: [
    { name: "the mesh is there", run: ensureMeshedShop },
    { name: "pods of all kinds start in a restricted namespace", run: deploy },
    { name: "HTTP, TCP, gRPC and exec probes pass", run: probesPass },
    { name: "Services of every type answer, by name, alias and pod", run: servicesAnswer },
    { name: "a node's port answers from outside", runBelow: nodePortAnswers },
    { name: "calls to Services and to pods are authenticated", run: callsAreAuthenticated },
    { name: "kubectl logs, exec and port-forward work", run: sessionsWork },
    { name: "pods of the host's network are left alone", run: hostNetworkIsLeftAlone },
    { name: "I3: a Job and a CronJob complete", run: jobsComplete },
    { name: "and all of it goes again", run: remove },
  ],
};
