import { expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import type { Pod } from "#lib/k8s/types/core.ts";
import { servePlain } from "#lib/net/plain-http.ts";
import { serveTargets } from "../../cli/commands/prometheus-targets.ts";
import { freePort } from "../../test/conformance/grpc/program.ts";
import { fakeCluster } from "../../test/fake/cli.ts";
import { prometheusFiles } from "./files.ts";
import { scrapeConfig } from "./scrape.ts";

const MESH = { namespace: "linkerd", cniNamespace: "linkerd-cni", rules: "rules.yml" };
type Config = {
  readonly scrape_configs: readonly {
    readonly job_name: string;
    readonly relabel_configs: readonly object[];
    readonly kubernetes_sd_configs?: readonly object[];
  }[];
};

test("scrapeConfig() finds pods through Kubernetes, or where targets are served, with the same labels", () => {
  const inside = scrapeConfig({ ...MESH, kubeconfigFile: "/k" }) as Config;
  const served = scrapeConfig({ ...MESH, targetsUrl: "http://t/" }) as Config;
  expect(inside.scrape_configs.map(({ job_name }) => job_name)).toEqual([
    "linkerd-controller",
    "linkerd-proxy",
    "linkerd-cni",
  ]);
  expect(inside.scrape_configs[0]?.kubernetes_sd_configs).toEqual([
    { role: "pod", kubeconfig_file: "/k", namespaces: { names: ["linkerd"] } },
  ]);
  expect(inside.scrape_configs.map((job) => job.relabel_configs)).toEqual(
    served.scrape_configs.map((job) => job.relabel_configs),
  );
  expect(served.scrape_configs[1]).toMatchObject({
    http_sd_configs: [{ url: "http://t/", refresh_interval: "10s" }],
  });
});

const pod = (name: string, labels: Record<string, string>, what: Partial<Pod["spec"]>): Pod => ({
  apiVersion: "v1",
  kind: "Pod",
  metadata: { name, namespace: labels["k8s-app"] ?? "linkerd", labels },
  spec: { nodeName: "node-1", containers: [], ...what },
  status: { phase: "Running", podIP: "127.0.0.1" },
});

/** A mesh of a controller with its proxy, an application's proxy that has ended, and a node agent, all at one port. */
function cluster(port: number): ReturnType<typeof fakeCluster> {
  const ours = { "linkerd.io/control-plane-ns": "linkerd" };
  const at = (name: string, container: string) => ({
    name: container,
    ports: [{ name, containerPort: port }],
  });
  const proxy = { initContainers: [at("linkerd-admin", "linkerd-proxy")] };
  const controller = {
    ...ours,
    "linkerd.io/control-plane-component": "identity",
    "linkerd.io/proxy-deployment": "linkerd-identity",
  };
  const ended = pod("done-1", { ...ours, "linkerd.io/proxy-job": "done" }, proxy);
  return fakeCluster([
    pod("linkerd-identity-1", controller, {
      ...proxy,
      containers: [at("admin-http", "identity"), at("grpc", "identity")],
    }),
    { ...ended, status: { ...ended.status, phase: "Succeeded" } } as Pod,
    pod("linkerd-cni-1", { "k8s-app": "linkerd-cni" }, { containers: [at("admin-http", "x")] }),
  ]);
}

const TARGETS = 3;
const LIMIT_MS = 20_000;
const LOOK_MS = 50;
type Answer = { readonly data: { readonly result: readonly { readonly metric: object }[] } };

test.skipIf(Bun.which("prometheus") === null)(
  "Prometheus finds controllers, proxies and node agents by what is served, under Linkerd's labels (needs prometheus)",
  async () => {
    const folder = mkdtempSync(`${tmpdir()}/prometheus-`);
    const local = { ip: "127.0.0.1", port: 0 };
    const metrics = servePlain(local, () => ({ status: 200, body: "proxy_build_info 1\n" }));
    const mesh = { linkerdNamespace: "linkerd", cniNamespace: "linkerd-cni" };
    const targets = serveTargets(cluster(metrics.port), { ...local, mesh });
    const targetsUrl = `http://127.0.0.1:${targets.port}/`;
    for (const [name, text] of prometheusFiles({ ...MESH, targetsUrl }))
      writeFileSync(`${folder}/${name}`, text.replaceAll("10s", "200ms"));
    const address = `127.0.0.1:${await freePort()}`;
    const program = Bun.spawn(
      [
        "prometheus",
        `--config.file=${folder}/prometheus.yml`,
        `--storage.tsdb.path=${folder}/data`,
        `--web.listen-address=${address}`,
      ],
      { stdio: ["ignore", "ignore", "ignore"] },
    );
    try {
      const query = encodeURIComponent("up == 1");
      const seen = async (): Promise<readonly object[]> => {
        const answer = await fetch(`http://${address}/api/v1/query?query=${query}`).catch(
          () => undefined,
        );
        if (answer?.ok !== true) return [];
        const { data } = (await answer.json()) as Answer;
        return data.result.map(({ metric }) => metric);
      };
      let found: readonly object[] = [];
      const deadline = performance.now() + LIMIT_MS;
      for (;;) {
        found = await seen();
        if (found.length === TARGETS) break;
        if (performance.now() > deadline) throw new Error(`Found ${JSON.stringify(found)}`);
        await Bun.sleep(LOOK_MS);
      }
      const common = { __name__: "up", instance: `127.0.0.1:${metrics.port}` };
      const identity = { namespace: "linkerd", pod: "linkerd-identity-1" };
      expect(found).toEqual(
        expect.arrayContaining([
          { ...common, ...identity, job: "linkerd-controller", component: "identity" },
          {
            ...common,
            ...identity,
            job: "linkerd-proxy",
            deployment: "linkerd-identity",
            control_plane_ns: "linkerd",
            control_plane_component: "identity",
          },
          {
            ...common,
            job: "linkerd-cni",
            namespace: "linkerd-cni",
            pod: "linkerd-cni-1",
            node: "node-1",
          },
        ]),
      );
    } finally {
      program.kill("SIGKILL");
      await program.exited;
      metrics.stop();
      targets.stop();
      rmSync(folder, { recursive: true });
    }
  },
  30_000,
);
