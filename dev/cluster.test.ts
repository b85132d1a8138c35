import { afterAll, beforeAll, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { createKubeClient } from "#lib/k8s/client.ts";
import { JOBS, PODS, SERVICES } from "#lib/k8s/resource.ts";
import { DevCluster } from "../test/fake/dev-cluster.ts";
import { accessOf } from "./kubeconfig.ts";

/** Answers every request with the name of its pod. */
const SERVER = `require("http").createServer((q, a) => a.end(process.env.HOSTNAME)).listen(8080)`;

let dev: DevCluster;
beforeAll(async () => {
  dev = await DevCluster.start();
  const spec = { name: "c", image: "node", args: ["-e", SERVER] };
  const readinessProbe = { httpGet: { port: 8080 }, periodSeconds: 1 };
  await dev.create("web", {
    terminationGracePeriodSeconds: 0,
    containers: [{ ...spec, readinessProbe }],
  });
  await dev.client.create(SERVICES, {
    metadata: { name: "web", namespace: dev.namespace },
    spec: {
      type: "LoadBalancer",
      selector: { app: "web" },
      ports: [{ name: "http", port: 80, targetPort: 8080 }],
    },
  } as never);
  await dev.ready("web");
});
afterAll(async () => {
  await dev.stop();
});

test("a kubeconfig reaches the API", async () => {
  const { server, ca, token } = accessOf(readFileSync(dev.cluster.kubeconfigPath, "utf8"));
  const client = createKubeClient({ server, ca, token: () => token });
  expect((await client.list(PODS, { namespace: dev.namespace })).items).not.toEqual([]);
});

test("a Service is shown on the loopback", async () => {
  const shown = await dev.wait("the port", async () => dev.cluster.exposed.list()[0]);
  expect(shown).toMatchObject({ service: "apps/web", port: 80 });
  const text = await dev.wait("an answer", async () =>
    fetch(`http://127.0.0.1:${shown.local}`).then(
      (answer) => answer.text(),
      () => undefined,
    ),
  );
  expect(text).toBe("web");
});

test("pods reach Services by name, themselves too, and the API with the token of their account", async () => {
  const script = `
    const { readFileSync } = require("fs");
    const folder = "/var/run/secrets/kubernetes.io/serviceaccount/";
    const again = (ask) => ask().catch(() => new Promise((r) => setTimeout(r, 20)).then(() => again(ask)));
    again(() => fetch("http://web.apps")).then((answer) => answer.text()).then((text) => {
      console.log(text);
      require("https").get("https://kubernetes.default.svc/api/v1/namespaces/apps", {
        ca: readFileSync(folder + "ca.crt"),
        headers: { authorization: "Bearer " + readFileSync(folder + "token", "utf8") },
      }, (answer) => { console.log(answer.statusCode); process.exit(0); });
    });`;
  await dev.create("client", {
    restartPolicy: "Never",
    containers: [{ name: "c", image: "node", args: ["-e", script] }],
  });
  await dev.phase("client", "Succeeded");
  expect(await dev.logs("client")).toMatch(/^web\n(200|403)\n$/);
});

test("a port of a pod is asked through the API", async () => {
  const answer = await dev.ask("/api/v1/namespaces/apps/pods/web:8080/proxy/");
  expect(await answer.text()).toBe("web");
});

test("a Job tries again what fails, and is complete when enough has succeeded", async () => {
  const script = "[ -e /shared/tried ] || { touch /shared/tried; exit 1; }; echo done";
  const shared = { name: "shared", hostPath: { path: "/run/shared" } };
  const container = {
    ...{ name: "c", image: "sh", args: ["-c", script] },
    volumeMounts: [{ name: "shared", mountPath: "/shared" }],
  };
  await dev.client.create(JOBS, {
    metadata: { name: "job", namespace: dev.namespace },
    spec: {
      ...{ backoffLimit: 2, completions: 2, parallelism: 1 },
      template: { spec: { restartPolicy: "Never", volumes: [shared], containers: [container] } },
    },
  } as never);
  const { status } = await dev.until(JOBS, {
    ...{ name: "job", what: "completion" },
    holds: (job) => job.status?.conditions?.some(({ type }) => type === "Complete") === true,
  });
  expect(status).toMatchObject({ succeeded: 2, failed: 1 });
});
