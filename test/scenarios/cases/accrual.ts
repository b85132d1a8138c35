/** Endpoints that fail are left alone, and asked again when they are well (P36, P37). */

import type { Brief } from "../curl.ts";
import { httpRoute, to } from "../objects.ts";
import { type Scenario, same, within } from "../scenario.ts";
import { WEB } from "../workloads.ts";
import type { World } from "../world.ts";

const ACCRUAL = "balancer.linkerd.io/failure-accrual";
const of = (more: Readonly<Record<string, string>> = {}, mode = "consecutive") => ({
  annotations: {
    [ACCRUAL]: mode,
    ...Object.fromEntries(
      Object.entries(more).map(([name, value]) => [`${ACCRUAL}-${mode}-${name}`, value]),
    ),
  },
});

const by = (answers: readonly Brief[], name: string): number =>
  answers.filter(({ backend }) => backend === name).length;

/** Asks until an endpoint that fails was asked at least so often. */
async function failing(world: World, url: string, name: string, least: number): Promise<number> {
  let seen = 0;
  await world.eventually(`${name} was asked ${least} times`, async () => {
    seen += by(await world.many("client", url, 20), name);
    return seen >= least;
  });
  return seen;
}

/** Scenarios of circuit breaking. */
export const ACCRUAL_SCENARIOS: readonly Scenario[] = [
  {
    name: "P36: an endpoint that fails seven times in a row is left alone, and comes back when it is well",
    quick: true,
    run: async (world) => {
      const place = world.place(of({ "min-penalty": "1s", "jitter-ratio": "0" }));
      await world.apply(place.service);
      await world.answers("client", place.url, 200);
      await world.pods.tell("web-v2", "status=503");
      same("requests until then", await failing(world, place.url, "web-v2", 7), 7);
      same("afterwards", by(await world.many("client", place.url, 60), "web-v2"), 0);
      await world.pods.reset();
      await world.eventually("it is back", async () => {
        const answers = await world.many("client", place.url, 20);
        same(
          "of answers none fails",
          answers.every(({ status }) => status === 200),
          true,
        );
        return by(answers, "web-v2") > 1;
      });
    },
  },
  {
    name: "P36: as many failures as the Service says, and failures that do not come in a row count for nothing",
    run: async (world) => {
      const place = world.place(of({ "max-failures": "3", "min-penalty": "60s" }));
      await world.apply(place.service);
      await world.answers("client", place.url, 200);
      const steady = await world.many("client", `${place.url}/?fail=1&with=500&id=never`, 40);
      same("one failure", steady.filter(({ status }) => status === 500).length, 3);
      await world.pods.tell("web-v1", "status=500");
      same("requests until then", await failing(world, place.url, "web-v1", 3), 3);
      same("afterwards", by(await world.many("client", place.url, 60), "web-v1"), 0);
    },
  },
  {
    name: "P36: what is tried out and fails is left alone for longer",
    run: async (world) => {
      const place = world.place(
        of({ "max-failures": "2", "min-penalty": "1s", "max-penalty": "60s", "jitter-ratio": "0" }),
      );
      await world.apply(place.service);
      await world.answers("client", place.url, 200);
      await world.pods.tell("web-v3", "status=500");
      same("requests until then", await failing(world, place.url, "web-v3", 2), 2);
      const started = performance.now();
      await failing(world, place.url, "web-v3", 1);
      within("milliseconds until it is tried", performance.now() - started, [500, 4_000]);
      const again = performance.now();
      await failing(world, place.url, "web-v3", 1);
      within("milliseconds until it is tried again", performance.now() - again, [1_200, 6_000]);
    },
  },
  {
    name: "P36, ERR5: where all endpoints are left alone requests fail fast",
    run: async (world) => {
      const place = world.place(of({ "max-failures": "1", "min-penalty": "30s" }));
      await world.apply(place.service);
      await world.answers("client", place.url, 200);
      for (const name of WEB) await world.pods.tell(name, "status=500");
      const { headers } = await world.answers("client", place.url, 504);
      same("why", headers["l5d-proxy-error"], "service in fail-fast");
    },
  },
  {
    name: "P37: by the share of requests that fail, where their number is large enough",
    run: async (world) => {
      const alpha = "balancer.alpha.linkerd.io/failure-accrual-success-rate";
      const annotations = {
        [ACCRUAL]: "unified",
        [`${alpha}-threshold`]: "0.8",
        [`${alpha}-min-requests`]: "5",
        [`${ACCRUAL}-consecutive-max-failures`]: "1000",
        [`${ACCRUAL}-consecutive-min-penalty`]: "30s",
      };
      const place = world.place({ annotations });
      await world.apply(place.service);
      await world.answers("client", place.url, 200);
      await world.pods.tell("web-v2", "status=429");
      await world.eventually(
        "it is left alone",
        async () => by(await world.many("client", place.url, 40), "web-v2") === 0,
      );
      same(
        "the others answer",
        (await world.many("client", place.url, 20)).every(({ status }) => status === 200),
        true,
      );
    },
  },
  {
    name: "P36: without the annotation an endpoint may fail for ever",
    run: async (world) => {
      const place = world.place();
      await world.apply(place.service);
      await world.answers("client", place.url, 200);
      await world.pods.tell("web-v2", "status=503");
      // Its answers are as quick as others', so that it is asked as they are.
      await failing(world, place.url, "web-v2", 20);
    },
  },
  {
    name: "P36: an endpoint is left alone for the Service that says so, and for no other",
    run: async (world) => {
      const [strict, lax] = [
        world.place(of({ "max-failures": "2", "min-penalty": "30s" })),
        world.place(),
      ];
      const rules = [{ backendRefs: [to("web-v1"), to("web-v2")] }];
      await world.apply(
        strict.service,
        lax.service,
        httpRoute(strict.name, strict.parent(), rules),
      );
      await world.answers("client", strict.url, 200);
      await world.pods.tell("web-v2", "status=500");
      await world.eventually(
        "it is left alone",
        async () => by(await world.many("client", strict.url, 30), "web-v2") === 0,
      );
      await failing(world, lax.url, "web-v2", 5);
    },
  },
];
