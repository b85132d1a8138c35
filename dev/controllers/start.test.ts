import { afterAll, beforeAll, expect, test } from "bun:test";
import type { KubeClient } from "#lib/k8s/client.ts";
import {
  CONFIG_MAPS,
  DAEMON_SETS,
  DEPLOYMENTS,
  ENDPOINT_SLICES,
  JOBS,
  NAMESPACES,
  NODES,
  PODS,
  REPLICA_SETS,
  SERVICES,
  STATEFUL_SETS,
} from "#lib/k8s/resource.ts";
import type { Pod } from "#lib/k8s/types/core.ts";
import { createKubeApi, type KubeApi } from "#lib/kube-api/server.ts";
import { createLogger, LogFilter } from "#lib/log/logger.ts";
import { TlsCredentials } from "#lib/net/tls.ts";
import { systemClock } from "#lib/sys/system-clock.ts";
import { FakeAuthority } from "../../test/fake/authority.ts";
import type { Controller } from "./context.ts";
import { startControllers } from "./start.ts";

const authority = new FakeAuthority("root");
const filter = new LogFilter();
filter.set("off");
const logger = createLogger({ filter, format: "plain", wall: () => 0, write: () => undefined });
const namespace = "apps";
let api: KubeApi;
let controllers: Controller;
let client: KubeClient;
let stopKubelet: () => void;
let address = 1;

/** Plays the kubelet: pods run and are ready at once, those that are deleted end at once. */
function playKubelet(): () => void {
  const work = async (pod: Pod): Promise<void> => {
    const { name = "", deletionTimestamp, deletionGracePeriodSeconds } = pod.metadata ?? {};
    if (pod.spec?.nodeName === undefined) return;
    if (deletionTimestamp !== undefined) {
      if (deletionGracePeriodSeconds === 0) return;
      const status = { ...pod.status, phase: "Succeeded" };
      await client.patch(
        PODS,
        { name, namespace },
        { type: "merge", subresource: "status", body: { status } },
      );
      await client.delete(PODS, { name, namespace });
    } else if (pod.status?.podIP === undefined) {
      const isJob = pod.spec.restartPolicy === "Never";
      const lastTransitionTime = new Date().toISOString();
      const status = {
        phase: isJob ? "Succeeded" : "Running",
        podIP: `10.1.0.${address++}`,
        conditions: isJob ? [] : [{ type: "Ready", status: "True", lastTransitionTime }],
      };
      await client.patch(
        PODS,
        { name, namespace },
        { type: "strategic", subresource: "status", body: { status } },
      );
    }
  };
  return api.store.subscribe(({ table, object, type }) => {
    if (table !== "pods" || type === "DELETED") return;
    // The object may have changed again by then: the next event tells.
    work(object as unknown as Pod).catch(() => undefined);
  });
}

/** Waits for a state of the store, looking again at each change. */
async function until<T>(what: string, look: () => Promise<T | undefined | false>): Promise<T> {
  const deadline = performance.now() + 5_000;
  for (;;) {
    const found = await look();
    if (found !== undefined && found !== false) return found as T;
    if (performance.now() > deadline) throw new Error(`Cannot see ${what}: not in time`);
    await new Promise<void>((resolve) => {
      const timer = setTimeout(done, 50);
      const stop = api.store.subscribe(done);
      function done(): void {
        clearTimeout(timer);
        stop();
        resolve();
      }
    });
  }
}

const template = (image = "a") => ({
  metadata: { labels: { app: "web" } },
  spec: { containers: [{ name: "c", image, ports: [{ name: "http", containerPort: 8080 }] }] },
});
const selector = { matchLabels: { app: "web" } };
const pods = async (): Promise<Pod[]> => (await client.list(PODS, { namespace })).items;

beforeAll(async () => {
  const { keyPem, chainPem } = authority.issue("localhost");
  api = await createKubeApi({
    clock: systemClock,
    logger,
    onFault: (error) => {
      throw error;
    },
    uid: () => crypto.randomUUID(),
    random: Math.random,
    serviceCidr: "10.96.0.0/16",
    tls: new TlsCredentials({ keyPem, chainPem, anchorsPem: authority.anchorsPem }),
    tokens: new Map(),
    dialService: () => Promise.reject(new Error("no webhooks here")),
  });
  ({ client } = api);
  stopKubelet = playKubelet();
  controllers = startControllers({
    client,
    clock: systemClock,
    logger,
    random: Math.random,
    rootCaPem: "CA",
  });
  await client.create(NODES, { metadata: { name: "node" } });
  await client.create(NAMESPACES, { metadata: { name: namespace } });
  await until("the root certificate", () =>
    client.get(CONFIG_MAPS, { name: "kube-root-ca.crt", namespace }),
  );
});

afterAll(() => {
  controllers.stop();
  stopKubelet();
  api.stop();
});

test("a Deployment rolls out, serves, rolls on and goes with all that it owns", async () => {
  const name = { name: "web", namespace };
  await client.create(DEPLOYMENTS, {
    metadata: name,
    spec: { replicas: 3, selector, template: template() },
  } as never);
  await client.create(SERVICES, {
    metadata: name,
    spec: { selector: { app: "web" }, ports: [{ name: "http", port: 80, targetPort: "http" }] },
  } as never);
  const complete = (generation: number) => async () => {
    const found = await client.get(DEPLOYMENTS, name);
    const { status } = found ?? {};
    return (
      status?.observedGeneration === generation &&
      status.updatedReplicas === 3 &&
      status.replicas === 3 &&
      status.availableReplicas === 3 &&
      found
    );
  };
  const first = await until("three pods", complete(1));
  expect(first.status?.conditions?.find(({ type }) => type === "Progressing")?.reason).toBe(
    "NewReplicaSetAvailable",
  );
  const slice = await until("three endpoints", async () => {
    const { items } = await client.list(ENDPOINT_SLICES, { namespace });
    return items.find(
      ({ endpoints }) =>
        endpoints?.length === 3 && endpoints.every(({ conditions }) => conditions?.ready),
    );
  });
  expect(slice.ports).toEqual([{ name: "http", port: 8080, protocol: "TCP" }] as never);
  await client.patch(DEPLOYMENTS, name, {
    type: "strategic",
    body: { spec: { template: { spec: { containers: [{ name: "c", image: "b" }] } } } },
  });
  const second = await until("new pods", complete(2));
  expect(second.metadata?.annotations?.["deployment.kubernetes.io/revision"]).toBe("2");
  await until("only new pods", async () =>
    (await pods()).every((pod) => pod.spec?.containers[0]?.image === "b"),
  );
  await client.patch(DEPLOYMENTS, name, { type: "merge", body: { spec: { replicas: 1 } } });
  await until("one pod", async () => (await pods()).length === 1);
  await client.delete(SERVICES, name);
  await client.delete(DEPLOYMENTS, name);
  await until("nothing left", async () => {
    const sets = await client.list(REPLICA_SETS, { namespace });
    const slices = await client.list(ENDPOINT_SLICES, { namespace });
    return (await pods()).length + sets.items.length + slices.items.length === 0;
  });
});

test("a DaemonSet has a pod on the node, a new one for a new template", async () => {
  const name = { name: "agent", namespace };
  await client.create(DAEMON_SETS, {
    metadata: name,
    spec: { selector, template: template() },
  } as never);
  const ready = (generation: number) => async () => {
    const { status } = (await client.get(DAEMON_SETS, name)) ?? {};
    return (
      status?.observedGeneration === generation &&
      status.numberReady === 1 &&
      status.updatedNumberScheduled === 1
    );
  };
  await until("its pod", ready(1));
  await client.patch(DAEMON_SETS, name, {
    type: "merge",
    body: { spec: { template: template("b") } },
  });
  await until("its new pod", ready(2));
  await client.delete(DAEMON_SETS, name);
  await until("no pod", async () => (await pods()).length === 0);
});

test("a Job runs until it is complete", async () => {
  const spec = { ...template().spec, restartPolicy: "Never" };
  await client.create(JOBS, {
    metadata: { name: "once", namespace },
    spec: { completions: 2, template: { spec } },
  } as never);
  const job = await until("completion", async () => {
    const found = await client.get(JOBS, { name: "once", namespace });
    return found?.status?.conditions?.some(({ type }) => type === "Complete") === true && found;
  });
  expect(job.status?.succeeded).toBe(2);
  await client.delete(JOBS, { name: "once", namespace });
  await until("no pod", async () => (await pods()).length === 0);
});

test("a StatefulSet numbers its pods", async () => {
  const name = { name: "db", namespace };
  await client.create(STATEFUL_SETS, {
    metadata: name,
    spec: { replicas: 2, serviceName: "db", selector, template: template() },
  } as never);
  await until(
    "two pods",
    async () => (await client.get(STATEFUL_SETS, name))?.status?.readyReplicas === 2,
  );
  expect((await pods()).map(({ metadata }) => metadata?.name)).toEqual(["db-0", "db-1"]);
  await client.delete(STATEFUL_SETS, name);
  await until("no pod", async () => (await pods()).length === 0);
});

test("a namespace is emptied before it goes", async () => {
  await client.create(NAMESPACES, { metadata: { name: "brief" } });
  await client.create(CONFIG_MAPS, {
    metadata: { name: "a", namespace: "brief", finalizers: ["x/y"] },
  });
  await client.delete(NAMESPACES, { name: "brief" });
  await until(
    "its deletion",
    async () =>
      (await client.get(CONFIG_MAPS, { name: "a", namespace: "brief" }))?.metadata
        ?.deletionTimestamp !== undefined,
  );
  expect((await client.get(NAMESPACES, { name: "brief" }))?.status?.phase).toBe("Terminating");
  await client.patch(
    CONFIG_MAPS,
    { name: "a", namespace: "brief" },
    { type: "merge", body: { metadata: { finalizers: null } } },
  );
  await until(
    "its end",
    async () => (await client.get(NAMESPACES, { name: "brief" })) === undefined,
  );
});
