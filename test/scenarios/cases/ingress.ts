/** Debian's nginx as an ingress of the mesh, and Prometheus in it: programs of others, unchanged (P27, P48). */

import { type Guest, guest } from "../guests.ts";
import {
  adminServer,
  authorization,
  byAccount,
  httpRoute,
  path,
  server,
  to,
  toServer,
} from "../objects.ts";
import { type Scenario, same } from "../scenario.ts";
import { IMAGES, NAMESPACE } from "../workloads.ts";
import type { World } from "../world.ts";

/** A ConfigMap with one file, and how a pod has it. */
const file = (name: string, key: string, text: string) => ({
  object: { apiVersion: "v1", kind: "ConfigMap", metadata: { name }, data: { [key]: text } },
  volume: { name: "config", configMap: { name } },
  mount: { name: "config", mountPath: "/etc/scenario" },
});

/** nginx as nobody in particular, before these locations. */
const nginxConfig = (locations: string): string => `
daemon off; worker_processes 1; pid /tmp/nginx.pid; error_log stderr;
events {}
http {
  access_log off;
  ${["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map((each) => `${each}_temp_path /tmp/${each};`).join(" ")}
  server { listen 8080; proxy_http_version 1.1; proxy_set_header Connection ""; ${locations} }
}`;

async function nginx(
  world: World,
  name: string,
  how: { readonly inject: string; readonly locations: string },
): Promise<Guest> {
  const config = file(`${name}-config`, "nginx.conf", nginxConfig(how.locations));
  await world.apply(config.object);
  return await guest(world, name, {
    annotations: { "linkerd.io/inject": how.inject },
    volumes: [config.volume],
    container: {
      image: `${IMAGES.nginx}:1`,
      env: [],
      args: ["-e", "stderr", "-c", "/etc/scenario/nginx.conf"],
      volumeMounts: [config.mount],
    },
  });
}

const identityOf = (name: string): string =>
  `${name}.${NAMESPACE}.serviceaccount.identity.linkerd.cluster.local`;

/** A canary by path, so that it shows whether routes hold. */
const canary = (place: { readonly name: string; parent(): Parameters<typeof httpRoute>[1] }) =>
  httpRoute(place.name, place.parent(), [
    { matches: [path("/")], backendRefs: [to("web-v1")] },
    { matches: [path("/canary")], backendRefs: [to("web-v2")] },
  ]);

/** Scenarios of programs of others. */
export const INGRESS: readonly Scenario[] = [
  {
    name: "nginx, meshed, as an ingress: callers from outside come by mTLS from it on, and routes hold",
    uncounted: true,
    run: async (world) => {
      const place = world.place();
      await world.apply(place.service, canary(place));
      const upstream = await world.names.addressOf(place.host);
      const locations = `location / { proxy_set_header Host $host; proxy_pass http://${upstream}; }`;
      const front = await nginx(world, "front", { inject: "enabled", locations });
      for (const [at, backend] of [
        ["/", "web-v1"],
        ["/canary/x", "web-v2"],
      ] as const)
        for (const caller of ["outsider", "client"] as const) {
          const echo = await world.echo(caller, `${front.url}${at}`);
          same(`who answers ${caller} at ${at}`, echo.name, backend);
          same("who is known to have asked", echo.headers["l5d-client-id"], identityOf("front"));
          same("the host", echo.host, `front.${NAMESPACE}.svc.cluster.local`);
        }
      const outside = await world.askFromOutside(`${front.url}/canary`);
      same("from outside of the cluster", outside.headers["x-backend"], "web-v2");
    },
  },
  {
    name: "P27, HDR3: nginx in ingress mode sends to endpoints that it has found itself, and its header says for which Service",
    uncounted: true,
    run: async (world) => {
      const place = world.place();
      await world.apply(place.service, canary(place));
      // As ingress controllers do it: by the address of a pod, whatever balances in the mesh.
      const pod = await world.names.pod("web-v3");
      const override = `proxy_set_header l5d-dst-override ${place.host}:80;`;
      const locations = `location / { ${override} proxy_pass http://${pod}:8080; }`;
      const front = await nginx(world, "front-ingress", { inject: "ingress", locations });
      for (const [at, backend] of [
        ["/", "web-v1"],
        ["/canary/x", "web-v2"],
      ] as const) {
        const echo = await world.echo("outsider", `${front.url}${at}`);
        same(`who answers at ${at}`, echo.name, backend);
        same(
          "who is known to have asked",
          echo.headers["l5d-client-id"],
          identityOf("front-ingress"),
        );
        same("the override", echo.headers["l5d-dst-override"], undefined);
      }
    },
  },
  {
    name: "P48: under deny Prometheus is served the metrics of proxies and of applications that let it, by mTLS, and nothing else",
    uncounted: true,
    run: async (world) => {
      const deny = { "config.linkerd.io/default-inbound-policy": "deny" };
      const target = await guest(world, "scraped", { annotations: deny });
      const address = (await target.pod()).status?.podIP;
      const job = (name: string, port: number): string =>
        `- {job_name: ${name}, scrape_interval: 1s, static_configs: [{targets: ["${address}:${port}"]}]}`;
      const text = `scrape_configs:\n${job("proxy", 4191)}\n${job("application", 8080)}\n`;
      const config = file("prometheus-config", "prometheus.yml", text);
      await world.apply(config.object);
      const prometheus = await guest(world, "prometheus", {
        volumes: [config.volume],
        container: {
          ...{ image: `${IMAGES.prometheus}:1`, env: [], volumeMounts: [config.mount] },
          args: [
            ...["--config.file=/etc/scenario/prometheus.yml", "--storage.tsdb.path=/tmp/data"],
            "--web.listen-address=0.0.0.0:8080",
          ],
        },
      });
      const value = async (query: string): Promise<string | undefined> => {
        const { body } = await world.ask(
          "client",
          `${prometheus.url}/api/v1/query?query=${encodeURIComponent(query)}`,
        );
        return JSON.parse(body).data.result[0]?.value[1];
      };
      for (const job of ["proxy", "application"])
        await world.eventually(
          `${job} is not scraped`,
          async () => (await value(`up{job="${job}"}`)) === "0",
        );
      await world.apply(
        adminServer("scraped", "deny"),
        server("scraped", "http", { podSelector: { matchLabels: { app: "scraped" } } }),
      );
      const open = (name: string) => authorization(name, toServer(name), [byAccount("prometheus")]);
      await world.apply(open("scraped-admin"));
      await world
        .eventually("proxies are scraped", async () => (await value('up{job="proxy"}')) === "1")
        .catch(async () => {
          const { body } = await world.ask("client", `${prometheus.url}/api/v1/targets`);
          throw new Error(`proxies are not scraped: ${body}`);
        });
      const known = 'count(process_start_time_seconds{job="proxy"})';
      same("their metrics are there", await value(known), "1");
      const counted = async (what: string, srv: string): Promise<number> => {
        const query = `inbound_http_authz_${what}_total{job="proxy",srv_name="${srv}",client_id="${identityOf("prometheus")}"}`;
        return Number((await value(`sum(${query})`)) ?? 0);
      };
      await world.eventually("it is denied the application", async () => {
        return (await counted("deny", "scraped")) > 0;
      });
      await world.apply(open("scraped"));
      await world.eventually("it is let through", async () => {
        return (await counted("allow", "scraped")) > 0;
      });
      const scraped = { target_port: "4191", tls: "true" };
      const byTls = await prometheus.metric("request_total", { direction: "outbound", ...scraped });
      same("proxies are scraped by mTLS", byTls > 0, true);
      same("others are not", (await world.ask("client", target.url)).status, 403);
    },
  },
];
