import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { ENDPOINT_SLICES, NODES, PODS, SERVICES } from "#lib/k8s/resource.ts";
import { everyAddress } from "#lib/net/every-address.ts";
import { DevCluster } from "../test/fake/dev-cluster.ts";

/** Answers every request, of both families, with how it was reached. */
const SERVER = `require("http").createServer((q, a) => a.end(q.socket.localAddress.replace("::ffff:", ""))).listen(8080, "::")`;
/** What a pod sees of names and Services. */
const CLIENT = `
  const dns = require("dns").promises, http = require("http");
  const once = (host, family) => new Promise((resolve, reject) => http.get({ host, family, port: 80 }, (answer) => {
    let text = ""; answer.on("data", (chunk) => text += chunk); answer.on("end", () => resolve(text));
  }).on("error", reject));
  const look = (host, family) => dns.lookup(host, { family }).then(({ address }) => address, ({ code }) => code);
  const again = (ask, until) => ask().catch((error) =>
    error.code === "ENOTFOUND" || Date.now() > until ? error.code : new Promise((r) => setTimeout(r, 20)).then(() => again(ask, until)));
  (async () => {
    const said = {};
    for (const family of [4, 6]) for (const name of ["web", "pods"]) {
      const host = name + ".apps.svc.cluster.local";
      said[name + family] = name === "web" ? await again(() => once(host, family), Date.now() + 4000) : await look(host, family);
    }
    console.log(JSON.stringify(said));
  })();`;

/** Whether the kernel has IPv6. */
const HERE = everyAddress("::") === "::";
const why = HERE ? "" : " (needs IPv6)";

describe.skipIf(!HERE).each([
  [
    "ipv6",
    ["fd00:10:244::1"],
    { web4: "ENOTFOUND", web6: "pod6", pods4: "ENOTFOUND", pods6: "pod6" },
  ],
  [
    "dual",
    ["10.244.0.1", "fd00:10:244::1"],
    { web4: "pod4", web6: "pod6", pods4: "pod4", pods6: "pod6" },
  ],
] as const)(`a cluster of %s${why}`, (ipFamily, nodeIps, expected) => {
  let dev: DevCluster;
  beforeAll(async () => {
    dev = await DevCluster.start({ ipFamily });
    const readinessProbe = { httpGet: { port: 8080 }, periodSeconds: 1 };
    const container = { name: "c", image: "node", args: ["-e", SERVER], readinessProbe };
    await dev.create("web", { terminationGracePeriodSeconds: 0, containers: [container] });
    for (const [name, clusterIP] of [["web"], ["pods", "None"]])
      await dev.client.create(SERVICES, {
        metadata: { name, namespace: dev.namespace },
        spec: {
          ...{ ipFamilyPolicy: "PreferDualStack", selector: { app: "web" }, clusterIP },
          ...(clusterIP === undefined && { type: "LoadBalancer" }),
          ports: [{ name: "http", port: 80, targetPort: 8080 }],
        },
      } as never);
    await dev.ready("web");
  });
  afterAll(async () => {
    await dev.stop();
  });

  const podIps = async (): Promise<string[]> => {
    const pod = await dev.client.get(PODS, { name: "web", namespace: dev.namespace });
    return (pod?.status?.podIPs ?? []).map(({ ip = "" }) => ip);
  };

  test("node, pods and endpoints have addresses of its families", async () => {
    const [node] = (await dev.client.list(NODES)).items;
    const addresses = node?.status?.addresses?.filter(({ type }) => type === "InternalIP");
    expect(addresses?.map(({ address }) => address)).toEqual([...nodeIps]);
    const ips = await podIps();
    expect(ips.map((ip) => ip.includes(":"))).toEqual(nodeIps.map((ip) => ip.includes(":")));
    const slices = await dev.wait("a slice of each family", async () => {
      const { items } = await dev.client.list(ENDPOINT_SLICES, {
        namespace: dev.namespace,
        labelSelector: "kubernetes.io/service-name=web",
      });
      return items.flatMap(({ endpoints }) => endpoints ?? []).length === ips.length
        ? items
        : undefined;
    });
    const found = slices.map(({ addressType, endpoints }) => [
      addressType,
      ...(endpoints ?? []).flatMap(({ addresses: all }) => all),
    ]);
    expect(found.toSorted()).toEqual(
      ips.map((ip) => [ip.includes(":") ? "IPv6" : "IPv4", ip]).toSorted(),
    );
  });

  test("pods reach Services and headless names by each family that there is", async () => {
    await dev.create("client", {
      restartPolicy: "Never",
      containers: [{ name: "c", image: "node", args: ["-e", CLIENT] }],
    });
    await dev.phase("client", "Succeeded");
    const ips = await podIps();
    const named: Record<string, string | undefined> = {
      pod4: ips.find((ip) => !ip.includes(":")),
      pod6: ips.find((ip) => ip.includes(":")),
    };
    const wanted = Object.entries(expected).map(([key, text]) => [key, named[text] ?? text]);
    expect(JSON.parse(await dev.logs("client"))).toEqual(Object.fromEntries(wanted));
  });

  test("a Service is shown on the loopback", async () => {
    const shown = await dev.wait("the port", async () => dev.cluster.exposed.list()[0]);
    const ips = await podIps();
    const text = await dev.wait("an answer", async () =>
      fetch(`http://127.0.0.1:${shown.local}`).then(
        (answer) => answer.text(),
        () => undefined,
      ),
    );
    expect(ips).toContain(text);
  });

  test("a pod reaches the API at its primary address, and is asked through it", async () => {
    const script = `
      const { readFileSync } = require("fs"), folder = "/var/run/secrets/kubernetes.io/serviceaccount/";
      const host = process.env.KUBERNETES_SERVICE_HOST;
      require("https").get({ host, port: process.env.KUBERNETES_SERVICE_PORT, path: "/version", ca: readFileSync(folder + "ca.crt") },
        (answer) => { console.log(host, answer.statusCode); process.exit(0); });`;
    await dev.create("asks", {
      restartPolicy: "Never",
      containers: [{ name: "c", image: "node", args: ["-e", script] }],
    });
    await dev.phase("asks", "Succeeded");
    const host = ipFamily === "ipv6" ? "fd00:10:96::1" : "10.96.0.1";
    expect(await dev.logs("asks")).toBe(`${host} 200\n`);
    const answer = await dev.ask("/api/v1/namespaces/apps/pods/web:8080/proxy/");
    expect([await answer.text()]).toEqual((await podIps()).slice(0, 1));
  });
});
