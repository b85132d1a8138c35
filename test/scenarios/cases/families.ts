/** What is run again with IPv6 and with dual-stack pods, and scenarios of addresses themselves (P59, DST11). */

import { type IpFamily, isIpv6 } from "#lib/addr/ip.ts";
import { formatSocketAddr } from "#lib/addr/socket-addr.ts";
import { networksOf } from "../../../dev/network/ip-families.ts";
import { inPod, run } from "../../demo/bed.ts";
import { required } from "../callers.ts";
import { startLoad } from "../load.ts";
import { byNetwork, network, server } from "../objects.ts";
import { type Scenario, same } from "../scenario.ts";
import { type Backend, type Caller, NAMESPACE, WEB } from "../workloads.ts";
import type { World } from "../world.ts";

/** Scenarios of other files, by their names; these are also asked of dual-stack pods in `npm test`. */
export const QUICK_IN_EVERY_FAMILY: readonly string[] = [
  "each request of a Service is one request of a backend, and all backends are asked",
  "S10, P24, P25: an exact path is the whole path, in this case",
  "P50, P24: TLSRoutes go by the name that a client asks for; what none has is closed",
  "bytes of a protocol that nobody knows pass through, with mTLS between pods",
  "OUT10: an EgressNetwork that denies answers requests, and closes all else",
  "INB6, P45: one identity is let through, and no other",
];
export const IN_EVERY_FAMILY: readonly string[] = [
  "without policy every caller is answered, and who is meshed is known",
  "an application outside of the mesh is asked in the clear, and answers those in the mesh",
  "S10, P24: queries are told apart by name and value",
  "S10, P24: the same rules hold for HTTP/2",
  "OUT1: a route with a port is for that alone, one with a section's name for that, one without for all",
  "OUT11: what is sent to a pod's own address meets no route",
  "S14: a route that is changed and taken away holds no longer",
  "S4, P24: a longer path comes before headers, a header before queries, a query before the method",
  "S10, P15, P24: calls go by service and method, either of which may be missing",
  "S12, P33, P15: a call is tried again by the statuses that its route names",
  "S7, P26: weights hold for each request of a connection",
  "S7, P26: weights hold for each stream of an HTTP/2 connection",
  "S6, OUT9: a backend that is not there fails its share, and no other",
  "S6, P39, ERR5: a Service without endpoints fails fast, and only its share",
  "P21: rules set, add and remove headers of requests, over HTTP/1.1",
  "HDR1, WIRE13: what only the mesh writes is taken from whoever asks with it",
  "S1, P21, ERR13: redirects name another host, scheme and status",
  "S8, OUT4: a route of the client's namespace holds for clients there alone",
  "S12, P35, ERR7: timeouts.request ends what takes longer, and leaves the rest alone",
  "S12, P33: retry.linkerd.io/http tries again once, and retry.linkerd.io/limit as often as it says",
  "P36: an endpoint that fails seven times in a row is left alone, and comes back when it is well",
  "P34, ERR8: a profile's route has a timeout, and others have not",
  "P23: a profile's overrides send shares to other Services",
  "P50: TLS of applications passes through as it is",
  "OUT2: a TCPRoute sends connections to another Service",
  "OUT12: a port that a Service does not have leads nowhere",
  "OUT11: without an EgressNetwork all is let out",
  "OUT10: HTTPRoutes of an EgressNetwork that denies let out what they take",
  "OUT10: TLSRoutes of an EgressNetwork that denies let out the names that they have",
  "OUT10: of EgressNetworks around an address the one with the smallest network holds, less what it excepts",
  "what is in the cluster is no business of an EgressNetwork",
  "INB4, P46: a Server alone lets nobody through",
  "INB6: a network lets through meshed or not",
  "INB6: a network without callers lets nobody through",
  "INB6: what a network excepts is not let through",
  "INB6: network and identity must both hold",
  "ERR3, MET9: who is denied hears why, if it is meshed, and is counted",
  "INB6, INB10: each route has its own callers",
  "INB6, INB10: a GRPCRoute of a Server lets callers make some calls",
  "INB3, P47: cluster-unauthenticated as a pod's default policy",
  "INB3, P47: cluster-authenticated as a pod's default policy",
  "INB9, P48: under deny the kubelet's probes are served, and nothing else",
  "P53: the access log has a line for each request that came in, as apache or json",
  "P41, INB11, ERR4: a total limit is for all callers together",
  "DST9, P10: a server that speaks first is heard at once where its Service says that the port is opaque",
  "INB4, P46: an opaque Server lets connections through by identity, and closes those of others",
  "skip-inbound-ports goes around the proxy: no policy holds there",
  "MET24, MET27, MET29: requests are counted by their route and its backends, to the request",
  "MET15, MET16: what comes in is counted by Server and route, with its statuses",
  "S16: routes of headless Services and of names elsewhere are refused, and what goes there is not touched",
];

/** The addresses of a pod by family. */
async function ofFamily(
  world: World,
  pod: Caller | Backend,
  family: IpFamily,
): Promise<string | undefined> {
  return (await world.pods.addresses(pod)).find((ip) => isIpv6(ip) === (family === "IPv6"));
}

const OTHER = { IPv4: "IPv6", IPv6: "IPv4" } as const;

/** A Service of one family alone, or of all that the cluster has. */
const withFamilies = (service: object, ipFamilies: readonly IpFamily[] | undefined): object => {
  const { spec, ...rest } = service as { readonly spec: object };
  const one = { ipFamilies, ipFamilyPolicy: "SingleStack" };
  return { ...rest, spec: { ...spec, ...(ipFamilies === undefined ? {} : one) } };
};

/** Asks from within a container, by the cluster's own resolver. */
async function curlBy(
  world: World,
  url: string,
  { from, family }: { readonly from: Caller; readonly family: IpFamily },
): Promise<string> {
  const options = ["-sS", "-m", "10", "-w", "\n%{remote_ip}", family === "IPv6" ? "-6" : "-4"];
  const out = await world.kubectl(
    "exec",
    `deploy/${from}`,
    "-c",
    "app",
    "--",
    "curl",
    ...options,
    url,
  );
  const [body = "", address = ""] = out.split("\n");
  world.asked.answer(from, (JSON.parse(body) as { readonly name: string }).name);
  return address.trim();
}

/** Where a proxy dials to see that it is captured. */
const PROBES = { IPv4: "192.0.2.1", IPv6: "2001:db8::1" } as const;

/** Scenarios of addresses. */
export const FAMILIES: readonly Scenario[] = [
  {
    name: "P59, DST11: a Service of one family is reached by it alone, and its pods see the caller's address of it",
    quick: true,
    families: "quick",
    run: async (world) => {
      const { family } = world.names;
      const place = world.place({ own: true });
      await world.apply(withFamilies(place.service, [family]));
      same("its addresses", (await world.pods.serviceAddresses(place.name, NAMESPACE)).length, 1);
      await world.answers("client", place.url, 200);
      for (const from of ["client", "outsider"] as const) {
        const { caller } = await world.echo(from, place.url);
        // Behind nft the application sees the proxy, which asks from the pod's own address.
        const shown = from === "client" && world.bed.tier === "nft" ? "web-v1" : from;
        const isShown = [await ofFamily(world, shown, family), "127.0.0.1", "::1"];
        if (world.bed.tier === "ebpf") same(`the address of ${from}`, caller, isShown[0]);
        else same(`the family of ${caller}`, isIpv6(caller), family === "IPv6");
      }
    },
  },
  {
    name: "P59, DST11: of a Service of both families the proxy uses IPv6, by whichever it is asked",
    families: "full",
    run: async (world) => {
      const place = world.place({ own: true });
      await world.apply(place.service);
      await world.answers("client", place.url, 200);
      const ips = await world.pods.addresses("web-v1");
      const used = ips.find(isIpv6) ?? ips[0] ?? "";
      const target = formatSocketAddr({ ip: used, port: place.http });
      const labels = { direction: "outbound", target_addr: target };
      const sent = () => world.metric(["client"], "request_total", labels);
      const before = await sent();
      const { length } = await world.many("client", place.url, 20);
      same("requests to that address", [length, (await sent()) - before], [20, 20]);
    },
  },
  {
    name: "P59, DST11: at 100 requests a second nothing is lost while a Service gains and loses its second family",
    families: "full",
    run: async (world) => {
      const place = world.place();
      await world.apply(withFamilies(place.service, [world.names.family]));
      await world.answers("client", place.url, 200);
      const load = await startLoad(world, {
        from: "client",
        address: `${place.host}:80`,
        rate: 100,
      });
      const become = async (ipFamilyPolicy: string, count: number): Promise<void> => {
        const patch = JSON.stringify({ spec: { ipFamilyPolicy } });
        await world.kubectl("patch", "service", place.name, "--type=merge", "-p", patch);
        const label = `kubernetes.io/service-name=${place.name}`;
        const words = [
          "get",
          "endpointslices",
          "-l",
          label,
          "-o",
          "jsonpath={.items[*].addressType}",
        ];
        await world.eventually(
          `${count} families of endpoints`,
          async () => (await world.kubectl(...words)).split(" ").length === count,
        );
      };
      const both = (await world.pods.addresses("web-v1")).length;
      for (const [policy, count] of [
        ["PreferDualStack", both],
        ["SingleStack", 1],
        ["PreferDualStack", both],
      ] as const)
        await become(policy, count);
      const { sent, answers } = await load.stop();
      const good = WEB.reduce((sum, each) => sum + (answers[`200 ${each}`] ?? 0), 0);
      same(`of ${sent} requests, those that were not answered`, sent - good, 0);
    },
  },
  {
    name: "P59, P3: what the proxy itself sends to the address of the proof comes back to it, and nothing else",
    families: "full",
    run: async (world) => {
      const pod = await world.pods.of("client");
      const dial = async (port: number): Promise<string> => {
        const script = `exec 3<>/dev/tcp/${PROBES[world.names.family]}/${port} && echo open || echo closed`;
        const asProxy = ["setpriv", "--reuid", "2102", "--regid", "2102", "--clear-groups"];
        const command = [...asProxy, "timeout", "5", "bash", "-c", script];
        return (await run(world.bed, inPod(world.bed, pod, command))).out.trim();
      };
      world.names.count += 1;
      same("the port of the proof", await dial(4140), "open");
      same("another port", await dial(4141), "closed");
    },
  },
  {
    name: "INB6, P59: networks of one family let nobody through who comes by the other",
    quick: true,
    families: "quick",
    run: async (world) => {
      const { family } = world.names;
      const place = world.place({ own: true });
      const pods = networksOf("dual").find((each) => each.family === family)?.podCidr;
      await world.apply(
        ...[place.service, server(place.name, place.http)],
        ...[network(place.name, [{ cidr: pods }]), required(place, byNetwork(place.name))],
      );
      await world.answers("outsider", place.url, 200);
      const other = await ofFamily(world, "web-v1", OTHER[family]);
      if (other === undefined) return;
      const url = `http://${formatSocketAddr({ ip: other, port: place.http })}/`;
      same("the other family", (await world.ask("outsider", url)).status, 403);
    },
  },
  {
    name: "P59: a container finds Services, and pods of headless ones, by the names and families that there are",
    quick: true,
    families: "quick",
    run: async (world) => {
      const { family } = world.names;
      const place = world.place({ own: true });
      const made = place.service as { readonly metadata: object; readonly spec: object };
      const headless = `${place.name}-pods`;
      await world.apply(made, {
        ...made,
        metadata: { ...made.metadata, name: headless },
        spec: { ...made.spec, clusterIP: "None" },
      });
      await world.answers("client", place.url, 200);
      const service = await world.names.addressOf(place.host);
      const pod = (await ofFamily(world, "web-v1", family)) ?? "";
      const label = pod.replaceAll(/[.:]/g, "-");
      const host = `${headless}.${NAMESPACE}.svc.cluster.local`;
      for (const from of ["client", "outsider"] as const) {
        const by = { from, family };
        same("the Service", await curlBy(world, place.url, by), service);
        for (const name of [host, `${label}.${host}`])
          same(name, await curlBy(world, `http://${name}:${place.http}/`, by), pod);
      }
    },
  },
];
