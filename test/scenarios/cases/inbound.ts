/** Who may call a pod: default policies by annotation, and what callers outside of the mesh see. */

import { at, type Scenario, same } from "../scenario.ts";
import { BACKENDS, CALLERS } from "../workloads.ts";

/** Scenarios of inbound policy. */
export const INBOUND: readonly Scenario[] = [
  {
    name: "without policy every caller is answered, and who is meshed is known",
    run: async (world) => {
      for (const caller of CALLERS) {
        const { headers } = await world.echo(caller, at("web-v1"));
        same(
          `the identity of ${caller}`,
          headers["l5d-client-id"],
          caller === "outsider"
            ? undefined
            : `${caller}.scenario.serviceaccount.identity.linkerd.cluster.local`,
        );
      }
    },
  },
  {
    name: "each request of a Service is one request of a backend",
    run: async (world) => {
      const inbound = (): Promise<number> =>
        world.metric(BACKENDS, "request_total", { direction: "inbound", target_port: "8080" });
      const outbound = (): Promise<number> =>
        world.metric(["client"], "request_total", { direction: "outbound", target_port: "8080" });
      const figures = async (): Promise<number[]> =>
        await Promise.all([world.counted("http"), inbound(), outbound()]);
      // Probes are requests too, and come while the scenario runs: only those of the client are exact.
      const before = await figures();
      const names = new Set<string>();
      for (let i = 0; i < 20; i++) names.add((await world.echo("client", at("web"))).name);
      const after = await figures();
      const [backends = 0, proxies = 0, client = 0] = after.map((n, i) => n - (before[i] ?? 0));
      same("requests that the client's proxy sent", client, 20);
      same("requests that came are at least those", backends >= 20 && proxies >= 20, true);
      same("both backends were asked", [...names].toSorted(), [...BACKENDS]);
    },
  },
  {
    name: "gRPC calls go through, and so do their statuses",
    run: async (world) => {
      const address = "web.scenario.svc.cluster.local:9090";
      same("the code of a call", (await world.call("client", address, "vote")).code, 0);
      const failed = await world.call("client", address, "results");
      same("what the backend says", [failed.code, failed.details], [14, "as asked"]);
    },
  },
];
