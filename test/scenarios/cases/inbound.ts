/** Who may call a pod: default policies by annotation, and what callers outside of the mesh see. */

import type { Brief } from "../curl.ts";
import { OUTSIDE } from "../outside.ts";
import { at, type Scenario, same } from "../scenario.ts";
import { CALLERS, type Caller, WEB } from "../workloads.ts";

/** Scenarios of inbound policy. */
export const INBOUND: readonly Scenario[] = [
  {
    name: "without policy every caller is answered, and who is meshed is known",
    run: async (world) => {
      for (const [caller, namespace] of Object.entries(CALLERS) as [Caller, string][]) {
        const { headers } = await world.echo(caller, at("web-v1"));
        same(
          `the identity of ${caller}`,
          headers["l5d-client-id"],
          caller === "outsider"
            ? undefined
            : `${caller}.${namespace}.serviceaccount.identity.linkerd.cluster.local`,
        );
      }
    },
  },
  {
    name: "each request of a Service is one request of a backend, and all backends are asked",
    quick: true,
    run: async (world) => {
      const place = world.place();
      await world.apply(place.service);
      await world.answers("client", place.url, 200);
      const before = await world.pods.counted();
      const answers: Brief[] = [];
      // One that was slow once is asked less often for a while.
      await world.eventually("all backends are asked", async () => {
        answers.push(...(await world.many("client", place.url, 60)));
        return new Set(answers.map(({ backend }) => backend)).size === WEB.length;
      });
      const after = await world.pods.counted();
      for (const name of WEB) {
        const got = answers.filter(({ backend }) => backend === name).length;
        same(`requests of ${name}`, got, after[name] - before[name]);
      }
    },
  },
  {
    name: "an application outside of the mesh is asked in the clear, and answers those in the mesh",
    run: async (world) => {
      const url = `http://${OUTSIDE}:8080/`;
      for (const caller of ["client", "stranger", "outsider"] as const) {
        const { name, headers } = await world.echo(caller, url);
        same("who answers", [name, headers["l5d-client-id"]], ["outside", undefined]);
      }
    },
  },
];
