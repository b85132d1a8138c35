/** One minute of everything at once: ordinary clients, rollouts, a killed pod, no controller, certificates renewed. */

import { readdirSync, readFileSync } from "node:fs";
import { DEPLOYMENTS } from "#lib/k8s/resource.ts";
import {
  addressOf,
  type Bed,
  expect,
  type GeneratorStats,
  generator,
  inPod,
  must,
  podOf,
  podsOf,
  ROOT,
  SAMPLE,
  scrape,
  sumOf,
  until,
} from "../bed.ts";
import type { Check } from "../check.ts";
import { newKubectl } from "../kubectls.ts";

/** Requests a second while things happen to the pods. */
const RATE = 100;
const SECONDS = 60;
/** How long the control plane is away. */
const AWAY_MS = 30_000;
/** More than this cannot have been in flight at the moment of a SIGKILL: what one process answers at this rate. */
const IN_FLIGHT_LIMIT = 5;

type Soak = {
  readonly clients: Readonly<Record<string, Promise<string>>>;
  readonly phases: Readonly<Record<"rollout" | "kill" | "away" | "renewal", Promise<string>>>;
};

const soaks = new WeakMap<Bed, Soak>();

function soak(bed: Bed): Soak {
  const known = soaks.get(bed);
  if (known !== undefined) return known;
  const started: Soak = { clients: startClients(bed), phases: startPhases(bed) };
  for (const each of [...Object.values(started.clients), ...Object.values(started.phases)])
    each.catch(() => undefined);
  soaks.set(bed, started);
  return started;
}

const client = (name: string): Check => ({
  name: `${name} runs unchanged against meshed services for ${SECONDS} s without an error`,
  run: async (bed) => (await soak(bed).clients[name]) ?? "",
});
const phase = (name: keyof Soak["phases"], what: string): Check => ({
  name: what,
  run: async (bed) => await soak(bed).phases[name],
});

export const SOAK: readonly Check[] = [
  phase("rollout", `rollout restart of every Deployment at ${RATE} rps loses nothing`),
  phase("kill", "SIGKILL of a backend's process loses nothing but what was in flight there"),
  phase("away", `${AWAY_MS / 1000} s without the control plane lose nothing`),
  phase("renewal", "certificates of 60 s are renewed and nothing is lost"),
  ...["curl", "wrk", "h2load", "grpc-js", "redis-cli", "WebSocket"].map(client),
];

/** All clients stand in one meshed pod. */
function startClients(bed: Bed): Record<string, Promise<string>> {
  const place = Promise.all([
    podOf(bed, "client", "probes"),
    addressOf(bed, "echo", "probes"),
    addressOf(bed, "cache", "probes"),
  ]);
  const within = async (command: (echo: string, cache: string) => string[]): Promise<string> => {
    const [pod, echo, cache] = await place;
    return await must(bed, inPod(bed, pod, command(echo, cache)), {
      timeoutMs: (SECONDS + 30) * 1000,
    });
  };
  return {
    curl: within((echo) => ["bash", "-c", curlLoop(echo)]).then(readCurl),
    wrk: within((echo) => [
      "wrk",
      "-t1",
      "-c2",
      `-d${SECONDS}s`,
      `http://${echo}:8080/kilobyte`,
    ]).then(readWrk),
    h2load: within((echo) => [
      "h2load",
      "-c4",
      "-m8",
      "-D",
      String(SECONDS),
      "--rps=50",
      `http://${echo}:9091/`,
    ]).then(readH2load),
    "grpc-js": within((echo) => node("grpc-client.js", `${echo}:9090`)).then(readCounted),
    "redis-cli": within((_, cache) => ["bash", "-c", redisLoop(cache)]).then(readRedis),
    WebSocket: within((echo) => node("websocket-client.js", `ws://${echo}:8080/ws`)).then(
      readCounted,
    ),
  };
}

const node = (program: string, where: string): string[] => [
  "node",
  `${ROOT}/test/demo/apps/${program}`,
  where,
  String(SECONDS),
];

const curlLoop = (echo: string): string =>
  `end=$((SECONDS+${SECONDS})); ok=0; bad=0; while [ $SECONDS -lt $end ]; do [ "$(curl -s -m10 -o /dev/null -w '%{http_code}' http://${echo}:8080/)" = 200 ] && ok=$((ok+1)) || bad=$((bad+1)); sleep 0.05; done; echo $ok $bad`;

const redisLoop = (cache: string): string =>
  `end=$((SECONDS+${SECONDS})); ok=0; bad=0; while [ $SECONDS -lt $end ]; do redis-cli -h ${cache} -r 20 -i 0.01 incr counter | grep -vq '^[0-9]*$' && bad=$((bad+1)) || ok=$((ok+20)); done; echo $ok $bad`;

function readCurl(text: string): string {
  const [ok = 0, bad = 0] = text.trim().split(" ").map(Number);
  expect(bad === 0 && ok > 0, `${ok} answers, ${bad} errors`);
  return `${ok} requests`;
}

const readRedis = (text: string): string => readCurl(text).replace("requests", "commands");

function readWrk(text: string): string {
  expect(!/Socket errors|Non-2xx/.test(text), text.trim());
  return /(\d+) requests in/.exec(text)?.[0] ?? text;
}

function readH2load(text: string): string {
  const [, total, , , , failed, errored, timeout] =
    /requests: (\d+) total, (\d+) started, (\d+) done, (\d+) succeeded, (\d+) failed, (\d+) errored, (\d+) timeout/.exec(
      text,
    ) ?? [];
  expect(
    Number(total) > 0 && failed === "0" && errored === "0" && timeout === "0",
    text.trim().slice(-400),
  );
  return `${total} requests`;
}

function readCounted(text: string): string {
  const { errors, ...counted } = JSON.parse(text) as {
    readonly errors: Record<string, number>;
  } & Record<string, number>;
  expect(Object.keys(errors).length === 0, JSON.stringify(errors));
  const said = Object.entries(counted).map(([what, count]) => `${count} ${what}`);
  expect(
    Object.values(counted).every((count) => Number(count) > 0),
    said.join(", "),
  );
  return said.join(", ");
}

function startPhases(bed: Bed): Soak["phases"] {
  const begun = Date.now();
  const rollout = watched(bed, 0, async () => {
    await generator(bed, RATE);
    const kubectl = await newKubectl(bed);
    const { items } = await bed.running.client.list(DEPLOYMENTS, { namespace: SAMPLE });
    // The generator is the one that counts.
    const names = items.flatMap(({ metadata }) =>
      metadata?.name === "generator" ? [] : [`deploy/${metadata?.name}`],
    );
    await must(bed, [kubectl, "rollout", "restart", "-n", SAMPLE, ...names]);
    for (const name of names)
      await must(bed, [kubectl, "rollout", "status", "-n", SAMPLE, name, "--timeout=60s"]);
    // Connections that the old pods still had must have ended as well.
    await until(
      "the old pods are gone",
      40_000,
      async () => (await allPods(bed)) === items.length + 1,
    );
    return `${names.length} Deployments`;
  });
  const kill = rollout.then(() =>
    watched(bed, IN_FLIGHT_LIMIT, async () => {
      const pod = await podOf(bed, "web");
      for (const pid of applicationOf(bed, pod.metadata?.uid ?? "", "web"))
        process.kill(pid, "SIGKILL");
      await moreRequests(bed, 200);
      await until("web is whole again", 30_000, async () =>
        (await podsOf(bed, "web")).every((each) => each.status?.containerStatuses?.[0]?.ready),
      );
      // So many that the new process has connected to all that it needs.
      await moreRequests(bed, 200);
      return "one of two web processes";
    }),
  );
  const away = kill.then(() => watched(bed, 0, async () => await withoutControlPlane(bed)));
  const renewal = away.then(() =>
    watched(bed, 0, async () => {
      const left = begun + SECONDS * 1000 - Date.now();
      if (left > 0) await Bun.sleep(left);
      const pods = await podsOf(bed, "web");
      const renewals = await Promise.all(
        pods.map(async (pod) =>
          sumOf(await scrape(bed, pod), "control_identity_cert_refreshes_total"),
        ),
      );
      const generatorRenewals = sumOf(
        await scrape(bed, await podOf(bed, "generator")),
        "control_identity_cert_refreshes_total",
      );
      expect(generatorRenewals > 1, `the generator's proxy has renewed ${generatorRenewals} times`);
      await generator(bed, 20);
      return `certificates obtained: generator ${generatorRenewals}, web ${renewals.join(" and ")}`;
    }),
  );
  return { rollout, kill, away, renewal };
}

async function moreRequests(bed: Bed, count: number): Promise<void> {
  const { sent } = await generator(bed);
  await until(`${count} more requests were sent`, 15_000, async () => {
    return (await generator(bed)).sent > sent + count;
  });
}

async function allPods(bed: Bed): Promise<number> {
  const kubectl = await newKubectl(bed);
  const text = await must(bed, [kubectl, "get", "pods", "-n", SAMPLE, "--no-headers"]);
  return text.trim().split("\n").length;
}

/** Runs something and counts what was lost meanwhile. */
async function watched(bed: Bed, allowed: number, act: () => Promise<string>): Promise<string> {
  const before = await generator(bed);
  const done = await act();
  const after = await until("all answers are there", 15_000, async () => {
    const now = await generator(bed);
    return now.sent - (now.ok + now.failed + now.lost) < RATE && now;
  });
  const lost = after.lost - before.lost;
  expect(
    lost <= allowed,
    `${lost} of ${after.sent - before.sent} requests lost: ${newErrors(before, after)}`,
  );
  return `${done}: ${after.sent - before.sent} requests, ${lost} lost`;
}

function newErrors(before: GeneratorStats, after: GeneratorStats): string {
  const grown = Object.entries(after.errors).filter(
    ([why, count]) => count > (before.errors[why] ?? 0),
  );
  return JSON.stringify(Object.fromEntries(grown)).slice(0, 400);
}

/** The processes of one container; its proxy's are not touched. */
function applicationOf({ instance }: Bed, uid: string, container: string): number[] {
  const folder = `${instance.cgroup}/kubepods/pod${uid}`;
  return readdirSync(folder)
    .filter((name) => name.startsWith(`${container}-`))
    .flatMap((name) => readFileSync(`${folder}/${name}/cgroup.procs`, "utf8").split("\n"))
    .filter((pid) => pid !== "" && /node|web/.test(readFileSync(`/proc/${pid}/comm`, "utf8")))
    .map(Number);
}

async function withoutControlPlane(bed: Bed): Promise<string> {
  const kubectl = await newKubectl(bed);
  const scale = async (replicas: number): Promise<void> => {
    for (const name of ["linkerd-destination", "linkerd-proxy-injector"])
      await must(bed, [
        kubectl,
        "scale",
        "-n",
        "linkerd",
        `deploy/${name}`,
        `--replicas=${replicas}`,
      ]);
  };
  await scale(0);
  try {
    await Bun.sleep(AWAY_MS);
  } finally {
    await scale(1);
  }
  await must(bed, [
    kubectl,
    "rollout",
    "status",
    "-n",
    "linkerd",
    "deploy/linkerd-destination",
    "--timeout=60s",
  ]);
  return `${AWAY_MS / 1000} s`;
}
