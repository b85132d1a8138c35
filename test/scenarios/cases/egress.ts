/** What is outside of the cluster: EgressNetworks and routes of them (OUT10, OUT11). */

import {
  egressNetwork,
  httpRoute,
  type Manifest,
  POLICY,
  path,
  type Ref,
  tcpRoute,
  tlsRoute,
} from "../objects.ts";
import { ALSO_OUTSIDE, NOBODY_OUTSIDE, OUTSIDE } from "../outside.ts";
import { type Scenario, same } from "../scenario.ts";
import { ELSEWHERE } from "../workloads.ts";
import type { World } from "../world.ts";

/** The one that holds for clients everywhere, and where objects of it are. */
const GLOBAL = "linkerd-egress";
const URL_OF = (name: string): string => `http://${name}:8080`;
const HTTP = URL_OF(OUTSIDE);

const of = (name: string, port: number): Ref => ({
  group: POLICY,
  kind: "EgressNetwork",
  name,
  port,
});
const back = (name: string): object => ({ group: POLICY, kind: "EgressNetwork", name });
const denying = (name = "all", networks?: readonly object[]): Manifest =>
  egressNetwork(name, { trafficPolicy: "Deny", ...(networks === undefined ? {} : { networks }) });

/** HTTPS that asks for a name; 0 where it is closed. */
const tls = async (world: World, name: string): Promise<number> =>
  (
    await world.ask("client", `https://${name}:8443/`, {
      address: await world.names.addressOf(OUTSIDE),
    })
  ).status;

/** Policies of what is outside are forgotten by proxies when they have not been asked for, so that each change is waited for. */
const open = (world: World): Promise<unknown> => world.answers("client", HTTP, 200);

/** Scenarios of egress. */
export const EGRESS: readonly Scenario[] = [
  {
    name: "OUT11: without an EgressNetwork all is let out",
    run: async (world) => {
      await open(world);
      same("HTTPS", await tls(world, "api.test"), 200);
      same("bytes", await world.talk("client", `${OUTSIDE}:7070`), ["outside hello"]);
    },
  },
  {
    name: "OUT10: an EgressNetwork that denies answers requests, and closes all else",
    quick: true,
    run: async (world) => {
      await world.apply(denying());
      const { headers } = await world.answers("client", HTTP, 403);
      same("why", headers["l5d-proxy-error"], "traffic not allowed");
      await world.eventually("HTTPS is closed", async () => (await tls(world, "api.test")) === 0);
      await world.eventually("bytes are closed", async () => {
        return (await world.talk("client", `${OUTSIDE}:7070`))[0] === "closed";
      });
      same("a client of another namespace", (await world.ask("stranger", HTTP)).status, 200);
      await world.kubectl("delete", `egressnetworks.${POLICY}`, "all");
      await open(world);
    },
  },
  {
    name: "OUT10: an EgressNetwork that allows lets all out",
    run: async (world) => {
      await world.apply(denying());
      await world.answers("client", HTTP, 403);
      await world.apply(egressNetwork("all", { trafficPolicy: "Allow" }));
      await open(world);
      same("HTTPS", await tls(world, "api.test"), 200);
    },
  },
  {
    name: "OUT10: HTTPRoutes of an EgressNetwork that denies let out what they take",
    run: async (world) => {
      const rules = [{ matches: [path("/allowed")], backendRefs: [back("all")] }];
      await world.apply(denying(), httpRoute("out", of("all", 8080), rules));
      await world.table("client", HTTP, [
        { path: "/other", is: 403 },
        { path: "/other", is: 403 },
      ]);
      same(
        "what it takes",
        (await world.ask("client", `${HTTP}/allowed/x`)).headers["x-backend"],
        "outside",
      );
      await world.kubectl("delete", `egressnetworks.${POLICY}`, "all");
      await open(world);
    },
  },
  {
    name: "OUT10: TLSRoutes of an EgressNetwork that denies let out the names that they have",
    run: async (world) => {
      const route = tlsRoute("out", of("all", 8443), [{ backendRefs: [back("all")] }], {
        hostnames: ["*.allowed.test"],
      });
      await world.apply(denying(), route);
      await world.eventually(
        "others are closed",
        async () => (await tls(world, "other.test")) === 0,
      );
      await world.eventually(
        "its names are not",
        async () => (await tls(world, "api.allowed.test")) === 200,
      );
      same("others again", await tls(world, "other.test"), 0);
    },
  },
  {
    name: "OUT10: a TCPRoute of an EgressNetwork that denies lets a port out",
    run: async (world) => {
      const route = tcpRoute("out", of("all", 7070), [{ backendRefs: [back("all")] }]);
      await world.apply(denying(), route);
      await world.answers("client", HTTP, 403);
      await world.eventually("the port is open", async () => {
        return (await world.talk("client", `${OUTSIDE}:7070`))[0] === "outside hello";
      });
    },
  },
  {
    name: "OUT10: routes of an EgressNetwork lead to Services as well",
    run: async (world) => {
      const rules = [
        { matches: [path("/inside")], backendRefs: [{ name: "web-v2", port: 80 }] },
        { backendRefs: [back("all")] },
      ];
      await world.apply(
        egressNetwork("all", { trafficPolicy: "Allow" }),
        httpRoute("out", of("all", 8080), rules),
      );
      await world.table("client", HTTP, [{ path: "/inside", is: "web-v2" }]);
      same("all else", (await world.ask("client", HTTP)).headers["x-backend"], "outside");
    },
  },
  {
    name: "OUT10: of EgressNetworks around an address the one with the smallest network holds, less what it excepts",
    run: async (world) => {
      await world.apply(
        denying("wide", [
          { cidr: "192.0.2.0/24" },
          { cidr: "198.51.100.0/24", except: ["198.51.100.10/32"] },
          { cidr: "2001:db8:2::/48" },
          { cidr: "2001:db8:51::/48", except: ["2001:db8:51::10/128"] },
        ]),
        egressNetwork("narrow", {
          trafficPolicy: "Allow",
          networks: [{ cidr: "192.0.2.0/28" }, { cidr: "2001:db8:2::10/124" }],
        }),
      );
      await world.eventually("the wide one holds", async () => {
        // No program answers there: a refusal comes from the proxy.
        return (
          (await world.ask("client", URL_OF(NOBODY_OUTSIDE), { limitSeconds: 3 })).status === 403
        );
      });
      same("the narrow one", (await world.ask("client", HTTP)).status, 200);
      same("what is excepted", (await world.ask("client", URL_OF(ALSO_OUTSIDE))).status, 200);
    },
  },
  {
    name: "OUT10: the global EgressNetwork is for clients of namespaces that have none",
    run: async (world) => {
      const everywhere = egressNetwork("all", { trafficPolicy: "Deny" }, { namespace: GLOBAL });
      await world.apply(
        { apiVersion: "v1", kind: "Namespace", metadata: { name: GLOBAL } },
        ...[everywhere, egressNetwork("own", { trafficPolicy: "Allow" }, { namespace: ELSEWHERE })],
      );
      await world.answers("client", HTTP, 403);
      await world.answers("stranger", HTTP, 200);
      await world.kubectl("delete", `egressnetworks.${POLICY}`, "own", "-n", ELSEWHERE);
      await world.answers("stranger", HTTP, 403);
      await world.kubectl("delete", `egressnetworks.${POLICY}`, "all", "-n", GLOBAL);
      await open(world);
      await world.answers("stranger", HTTP, 200);
    },
  },
  {
    name: "what is in the cluster is no business of an EgressNetwork",
    run: async (world) => {
      const place = world.place();
      await world.apply(place.service, denying());
      await world.answers("client", HTTP, 403);
      await world.answers("client", place.url, 200);
      const pod = await world.names.podUrl("far", 8080);
      same("a pod", (await world.ask("client", pod)).status, 200);
      await world.kubectl("delete", `egressnetworks.${POLICY}`, "all");
      await open(world);
    },
  },
  {
    name: "S12: retries and timeouts of an EgressNetwork are for what it lets out",
    apart: true,
    run: async (world) => {
      const annotations = { "retry.linkerd.io/http": "5xx", "timeout.linkerd.io/request": "400ms" };
      await world.apply(egressNetwork("all", { trafficPolicy: "Allow" }, { annotations }));
      await world.answers("client", `${HTTP}/?delay=1500`, 504);
      const before = await world.pods.counted();
      same("fails once", (await world.ask("client", `${HTTP}/?fail=1&id=egress`)).status, 200);
      const { outside } = await world.pods.counted();
      same("tries", outside - before.outside, 2);
    },
  },
];
