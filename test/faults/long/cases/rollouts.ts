/** Pods that come and go under load, and a control plane that is away. */

import { must, until } from "../../../demo/bed.ts";
import type { LongCase, Place } from "../case.ts";
import { expectNothingLost, inWords, whileLoaded } from "../load.ts";
import { NAMESPACE, type Shop } from "../workloads.ts";

const RATE = 200;
const RESTARTS = 20;
const REQUESTS = 10_000;
const ROLLOUT_SECONDS = 60;

const shopctl = ({ bed, kubectl }: Place, ...words: readonly string[]): Promise<string> =>
  must(bed, [kubectl, "-n", NAMESPACE, ...words], { timeoutMs: (ROLLOUT_SECONDS + 10) * 1000 });

async function rolledOut(place: Place, shop: Shop | "client"): Promise<void> {
  const limit = `--timeout=${ROLLOUT_SECONDS}s`;
  await shopctl(place, "rollout", "status", `deployment/${shop}`, limit);
}

const restarts = (shop: Shop, sidecar: string): LongCase => ({
  name: `I1, I3, E15: ${RESTARTS} rolling restarts at ${RATE} rps lose nothing, with ${sidecar} sidecars`,
  run: async (place) => {
    const told = await whileLoaded(place.bed, { shop, rate: RATE }, async () => {
      for (let restart = 0; restart < RESTARTS; restart++) {
        await shopctl(place, "rollout", "restart", `deployment/${shop}`);
        await rolledOut(place, shop);
      }
    });
    expectNothingLost(told, REQUESTS);
    return inWords(told);
  },
});

const CHURN: LongCase = {
  name: `E11: endpoints that come and go at ${RATE} rps lose nothing`,
  run: async (place) => {
    const told = await whileLoaded(place.bed, { shop: "web", rate: RATE }, async () => {
      const end = performance.now() + (REQUESTS / RATE) * 1200;
      for (let round = 0; performance.now() < end; round++) {
        await shopctl(place, "scale", "deployment/web", `--replicas=${round % 2 === 0 ? 6 : 2}`);
        await rolledOut(place, "web");
      }
    });
    expectNothingLost(told, REQUESTS);
    return inWords(told);
  },
};

/** All roles of the control plane. */
const ROLES = ["linkerd-destination", "linkerd-identity", "linkerd-proxy-injector"] as const;

/** Takes the control plane away for so long, and waits until it is back. */
async function withoutControlPlane(place: Place, seconds: number): Promise<void> {
  const { bed, kubectl } = place;
  const scale = (replicas: number): Promise<string> =>
    must(bed, [
      kubectl,
      "-n",
      "linkerd",
      "scale",
      "deployment",
      ...ROLES,
      `--replicas=${replicas}`,
    ]);
  const pods = (): Promise<string> =>
    must(bed, [kubectl, "-n", "linkerd", "get", "pods", "-o", "name"]);
  await scale(0);
  await until(
    "the control plane is gone",
    ROLLOUT_SECONDS * 1000,
    async () => (await pods()) === "",
  );
  await Bun.sleep(seconds * 1000);
  await scale(1);
  await until("the control plane is back", ROLLOUT_SECONDS * 1000, async () => {
    const ready = await must(bed, [kubectl, "-n", "linkerd", "get", "deployments"]);
    return !/\b0\/1\b/.test(ready);
  });
}

/** Certificates of 60 s are renewed at 42 s and end at 80 s: so long a proxy can do without, begun at any moment. */
const AWAY_SECONDS = 28;
/** And so long, begun right after all have new ones. */
const AWAY_AFTER_RENEWAL_SECONDS = 48;

const AWAY: LongCase = {
  name: `F11, C23, E11: a control plane that is away for ${AWAY_SECONDS} s and for ${AWAY_AFTER_RENEWAL_SECONDS} s loses nothing, with certificates of 60 s`,
  run: async (place) => {
    const told = await whileLoaded(place.bed, { shop: "web", rate: RATE }, () =>
      withoutControlPlane(place, AWAY_SECONDS),
    );
    expectNothingLost(told, AWAY_SECONDS * RATE);
    for (const name of ["web", "client"] as const) {
      await shopctl(place, "rollout", "restart", `deployment/${name}`);
      await rolledOut(place, name);
    }
    const later = await whileLoaded(place.bed, { shop: "web", rate: RATE }, () =>
      withoutControlPlane(place, AWAY_AFTER_RENEWAL_SECONDS),
    );
    expectNothingLost(later, AWAY_AFTER_RENEWAL_SECONDS * RATE);
    return `${inWords(told)}; then ${inWords(later)}`;
  },
};

/** All. */
export const ROLLOUTS: readonly LongCase[] = [
  restarts("web", "native"),
  restarts("classic", "classic"),
  CHURN,
  AWAY,
];
