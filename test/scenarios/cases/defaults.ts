/** What holds for ports without a Server: default policies by annotation, probes, and what is told of requests (INB3, INB8, INB9). */

import { guest } from "../guests.ts";
import { adminServer, authorization, byAccount, httpRoute, server, toServer } from "../objects.ts";
import { type Scenario, same } from "../scenario.ts";
import { CALLERS, type Caller, NAMESPACE } from "../workloads.ts";
import type { World } from "../world.ts";

const POLICY = "config.linkerd.io/default-inbound-policy";
const URL_OF_V3 = "http://web-v3.scenario.svc.cluster.local";

/** Who is let through. */
type Let = { readonly meshed: boolean; readonly unmeshed: boolean; readonly outside: boolean };

/** Annotates a running pod for the time of one act. */
async function annotated(world: World, policy: string, act: () => Promise<void>): Promise<void> {
  const pod = (await world.pods.of("web-v3")).metadata?.name ?? "";
  await world.kubectl("annotate", "--overwrite", "pod", pod, `${POLICY}=${policy}`);
  try {
    await act();
  } finally {
    await world.kubectl("annotate", "pod", pod, `${POLICY}-`);
    await world.answers("outsider", URL_OF_V3, 200);
  }
}

const byDefault = (
  policy: string,
  { meshed, unmeshed, outside }: Let,
  more: Pick<Scenario, "quick"> = {},
): Scenario => ({
  ...{ name: `INB3, P47: ${policy} as a pod's default policy`, ...more },
  run: async (world) =>
    await annotated(world, policy, async () => {
      const status = (isLet: boolean): number => (isLet ? 200 : 403);
      const callers = Object.keys(CALLERS) as Caller[];
      const expected = [
        ...callers.map(
          (caller) => `${caller} ${status(caller === "outsider" ? unmeshed : meshed)}`,
        ),
        `outside ${status(outside)}`,
      ];
      let seen: string[] = [];
      await world
        .eventually("all callers", async () => {
          seen = await Promise.all([
            ...callers.map(
              async (caller) => `${caller} ${(await world.ask(caller, URL_OF_V3)).status}`,
            ),
            world.askFromOutside(URL_OF_V3).then(({ status: its }) => `outside ${its}`),
          ]);
          return Bun.deepEquals(seen, expected);
        })
        .catch(() => same("what callers get", seen, expected));
    }),
});

const PROBES = {
  ports: [{ name: "http", containerPort: 8080 }],
  readinessProbe: { httpGet: { path: "/ready", port: "http" }, periodSeconds: 1 },
  livenessProbe: { httpGet: { path: "/live", port: 8080 }, periodSeconds: 1 },
};

/** Scenarios of defaults. */
export const DEFAULTS: readonly Scenario[] = [
  byDefault("all-unauthenticated", { meshed: true, unmeshed: true, outside: true }),
  byDefault(
    "all-authenticated",
    { meshed: true, unmeshed: false, outside: false },
    { quick: true },
  ),
  byDefault("cluster-unauthenticated", { meshed: true, unmeshed: true, outside: false }),
  byDefault("cluster-authenticated", { meshed: true, unmeshed: false, outside: false }),
  byDefault("deny", { meshed: false, unmeshed: false, outside: false }, { quick: true }),
  {
    name: "INB3, INB8: audit as a pod's default policy lets everybody through, and says so",
    run: async (world) =>
      await annotated(world, "audit", async () => {
        const audited = (): Promise<number> =>
          world.metric(["web-v3"], "inbound_http_authz_allow_total", { authz_name: "audit" });
        await world.eventually("callers are audited", async () => {
          same("the status", (await world.ask("other", URL_OF_V3)).status, 200);
          return (await audited()) > 0;
        });
        same("an outsider", (await world.ask("outsider", URL_OF_V3)).status, 200);
        const pod = (await world.pods.of("web-v3")).metadata?.name ?? "";
        const log = await world.kubectl("logs", pod, "-c", "linkerd-proxy");
        const identity = "other.scenario.serviceaccount.identity.linkerd.cluster.local";
        const told = log.split("\n").some((line) => /audit/i.test(line) && line.includes(identity));
        same("the log names who called", told, true);
      }),
  },
  {
    name: "INB9, P48: under deny the kubelet's probes are served, and nothing else",
    uncounted: true,
    run: async (world) => {
      const probed = await guest(world, "probed", {
        annotations: { [POLICY]: "deny" },
        container: PROBES,
      });
      await world.apply(adminServer("probed"));
      const deniedToAll = async (path: string): Promise<void> => {
        for (const caller of ["client", "outsider"] as const)
          same(
            `${path} of ${caller}`,
            (await world.ask(caller, `${probed.url}${path}`)).status,
            403,
          );
      };
      await deniedToAll("/");
      await deniedToAll("/readiness");
      for (const path of ["/ready", "/live"])
        same(path, (await world.ask("outsider", `${probed.url}${path}`)).status, 200);
      const counted = await probed.metric("inbound_http_authz_allow_total", {
        route_name: "probe",
      });
      same("what was let in as a probe", counted >= 2, true);
      await world.eventually("it was probed for a while", async () => {
        const { status } = await probed.pod();
        const since = status?.conditions?.find(({ type }) => type === "Ready")?.lastTransitionTime;
        return since !== undefined && Date.now() - Date.parse(String(since)) > 4_000;
      });
      const { status } = await probed.pod();
      const restarts = [
        ...(status?.containerStatuses ?? []),
        ...(status?.initContainerStatuses ?? []),
      ].map(({ restartCount }) => restartCount);
      same("restarts", new Set(restarts), new Set([0]));
    },
  },
  {
    name: "INB3: a pod under deny is opened by a Server and an authorization, and by nothing less",
    uncounted: true,
    run: async (world) => {
      const { name, url } = await guest(world, "closed", { annotations: { [POLICY]: "deny" } });
      same("before", (await world.ask("client", url)).status, 403);
      const open = authorization(name, toServer(name), [byAccount("client")]);
      await world.apply(open);
      same("by an authorization alone", (await world.ask("client", url)).status, 403);
      await world.apply(server(name, "http", { podSelector: { matchLabels: { app: name } } }));
      await world.answers("client", url, 200);
      same("others", (await world.ask("other", url)).status, 403);
      await world.remove(open);
      await world.answers("client", url, 403);
    },
  },
  {
    name: "INB3: a namespace's default policy is its pods', and their own comes before",
    uncounted: true,
    run: async (world) => {
      await world.kubectl("annotate", "namespace", NAMESPACE, `${POLICY}=all-authenticated`);
      try {
        const [plain, own] = await Promise.all([
          guest(world, "plain"),
          guest(world, "own", { annotations: { [POLICY]: "all-unauthenticated" } }),
        ]);
        same("by the namespace", (await world.ask("outsider", plain.url)).status, 403);
        same("meshed", (await world.ask("client", plain.url)).status, 200);
        same("by the pod", (await world.ask("outsider", own.url)).status, 200);
      } finally {
        await world.kubectl("annotate", "namespace", NAMESPACE, `${POLICY}-`);
      }
    },
  },
  {
    name: "P53: the access log has a line for each request that came in, as apache or json",
    uncounted: true,
    run: async (world) => {
      const [json, apache] = await Promise.all(
        ["json", "apache"].map((format) =>
          guest(world, `log-${format}`, {
            annotations: { "config.linkerd.io/access-log": format },
          }),
        ),
      );
      if (json === undefined || apache === undefined) throw new Error("there are two");
      const headers = ["user-agent: scenario", "x-request-id: abc"];
      for (const { url } of [json, apache])
        await world.ask("client", `${url}/told?a=b`, { headers });
      const identity = "client.scenario.serviceaccount.identity.linkerd.cluster.local";
      await world.eventually("the line of json", async () => {
        const line = (await json.proxyLog()).split("\n").find((each) => each.includes("/told"));
        if (line === undefined) return false;
        const { "client.id": id, method, uri, status, user_agent, trace_id } = JSON.parse(line);
        same(
          "the entry",
          [id, method, status, user_agent, trace_id],
          [identity, "GET", 200, "scenario", "abc"],
        );
        return String(uri).endsWith("/told?a=b");
      });
      await world.eventually("the line of apache", async () => {
        const line = (await apache.proxyLog()).split("\n").find((each) => each.includes("/told"));
        return (
          line?.includes(identity) === true && /"GET \S*\/told\?a=b HTTP\/1\.1" 200/.test(line)
        );
      });
    },
  },
  {
    name: "INB3: proxy-require-identity-inbound-ports asks for an identity on these ports",
    uncounted: true,
    run: async (world) => {
      const { url } = await guest(world, "identified", {
        annotations: { "config.linkerd.io/proxy-require-identity-inbound-ports": "8080" },
      });
      same("an outsider", (await world.ask("outsider", url)).status, 403);
      same("meshed", (await world.ask("client", url)).status, 200);
    },
  },
  {
    name: "a route without a Server's port holds for clients, and default policy for the pods",
    run: async (world) => {
      const place = world.place({ selector: { instance: "web-v3" } });
      await world.apply(place.service, httpRoute(place.name, place.parent(), [{}]));
      await annotated(world, "deny", async () => {
        const { headers } = await world.answers("client", place.url, 403);
        same("who says so", headers["l5d-proxy-error"], "unauthorized request on route");
      });
    },
  },
];
