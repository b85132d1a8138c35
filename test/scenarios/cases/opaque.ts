/** Ports that nobody looks into, and ports around the proxy (DST9, P10). */

import {
  authorization,
  byMeshTls,
  httpRoute,
  meshTls,
  path,
  server,
  to,
  toServer,
} from "../objects.ts";
import { type Scenario, same, within } from "../scenario.ts";
import { WEB } from "../workloads.ts";

const OPAQUE = "config.linkerd.io/opaque-ports";

/** Scenarios of opaque ports. */
export const OPAQUE_PORTS: readonly Scenario[] = [
  {
    name: "DST9, P10: a server that speaks first is heard at once where its Service says that the port is opaque",
    quick: true,
    run: async (world) => {
      const place = world.place({ annotations: { [OPAQUE]: "7071" } });
      await world.apply(
        place.service,
        server(place.name, 7071, { proxyProtocol: "opaque", accessPolicy: "all-unauthenticated" }),
      );
      const started = performance.now();
      let line = "";
      await world.eventually("it greets", async () => {
        [line = ""] = await world.talk("client", `${place.host}:7071`, { first: true });
        return line !== "closed";
      });
      within("milliseconds until it greets", performance.now() - started, [0, 8_000]);
      same("what it says", /^web-v[123] greets$/.test(line), true);
    },
  },
  {
    name: "DST9: an opaque port of a Service meets no HTTPRoute, and requests to it are not counted",
    uncounted: true,
    run: async (world) => {
      const place = world.place({ annotations: { [OPAQUE]: "80" } });
      const rules = [{ matches: [path("/a")], backendRefs: [to("web-v1")] }];
      await world.apply(place.service, httpRoute(place.name, place.parent(), rules));
      await world.answers("client", `${place.url}/b`, 200);
      const requests = await world.metric(["client"], "request_total", { dst_service: place.name });
      same("requests by its name", requests, 0);
      const opened = await world.metric(["client"], "tcp_open_total", {
        ...{ direction: "outbound", peer: "dst", dst_service: place.name },
      });
      within("connections by its name", opened, [1, 1e9]);
    },
  },
  {
    name: "INB4, P46: an opaque Server lets connections through by identity, and closes those of others",
    quick: true,
    run: async (world) => {
      const place = world.place({ own: true, annotations: { [OPAQUE]: "7070" } });
      const clients = meshTls(place.name, {
        identities: ["client.scenario.serviceaccount.identity.linkerd.cluster.local"],
      });
      await world.apply(
        ...[place.service, server(place.name, place.tcp, { proxyProtocol: "opaque" }), clients],
        authorization(place.name, toServer(place.name), [byMeshTls(place.name)]),
      );
      const address = `${place.host}:7070`;
      await world.eventually(
        "others are closed",
        async () => (await world.talk("other", address))[0] === "closed",
      );
      await world.eventually("the client is not", async () =>
        /hello$/.test((await world.talk("client", address))[0] ?? ""),
      );
      same("an outsider", await world.talk("outsider", address), ["closed"]);
      same("others", await world.talk("other", address, { count: 5 }), Array(5).fill("closed"));
      const labels = { srv_name: place.name };
      within("denied", await world.metric(WEB, "inbound_tcp_authz_deny_total", labels), [6, 1e9]);
      within("allowed", await world.metric(WEB, "inbound_tcp_authz_allow_total", labels), [1, 1e9]);
    },
  },
  {
    name: "skip-inbound-ports goes around the proxy: no policy holds there",
    run: async (world) => {
      const url = await world.names.podUrl("web-v1", 9999);
      await world.apply(server("s-skipped", 9999));
      const { status, body } = await world.ask("client", url);
      same("the answer", [status, typeof JSON.parse(body).http], [200, "number"]);
      const seen = await world.metric(["web-v1"], "tcp_open_total", {
        direction: "inbound",
        target_port: "9999",
      });
      same("connections that its proxy has seen", seen, 0);
    },
    // No backend counts this as a request.
    uncounted: true,
  },
];
