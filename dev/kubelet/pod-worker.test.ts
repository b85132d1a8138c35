import { afterAll, beforeAll, expect, test } from "bun:test";
import { existsSync, readdirSync } from "node:fs";
import { CONFIG_MAPS, PODS } from "#lib/k8s/resource.ts";
import type { ContainerStatus, Pod } from "#lib/k8s/types/core.ts";
import { DevCluster } from "../../test/fake/dev-cluster.ts";

let dev: DevCluster;
beforeAll(async () => {
  dev = await DevCluster.start();
});
afterAll(async () => {
  await dev.stop();
});

const statusOf = ({ status }: Pod): ContainerStatus | undefined => status?.containerStatuses?.[0];
/** A shell that ends when it is asked to. */
const STAY = "trap 'exit 0' TERM; echo up; sleep 1000 & wait";

test("a pod that ends tells its exit status and its last words, and keeps its log", async () => {
  const script = "echo out; echo done > /dev/termination-log; exit 3";
  await dev.run("ends", script, { restartPolicy: "Never" });
  const { terminated } = statusOf(await dev.phase("ends", "Failed"))?.state ?? {};
  expect(terminated).toMatchObject({ exitCode: 3, reason: "Error", message: "done\n" });
  expect(await dev.logs("ends")).toBe("out\n");
});

test("a pod without last words falls back to its log where it may", async () => {
  await dev.run("falls", "echo because >&2; exit 1", {
    restartPolicy: "Never",
    container: { terminationMessagePolicy: "FallbackToLogsOnError" },
  });
  const { terminated } = statusOf(await dev.phase("falls", "Failed"))?.state ?? {};
  expect(terminated?.message).toBe("because\n");
});

test("init containers run in order, then a sidecar that stays, then the rest; the sidecar ends last", async () => {
  const mount = { volumeMounts: [{ name: "shared", mountPath: "/shared" }] };
  const step = (name: string, script: string) => ({
    ...{ name, image: "sh", args: ["-c", script], ...mount },
  });
  await dev.create("order", {
    restartPolicy: "Never",
    volumes: [{ name: "shared", emptyDir: {} }],
    initContainers: [
      step("one", "echo one >> /shared/log"),
      {
        ...step("side", `trap 'cat /shared/log; exit 0' TERM; echo up >> /shared/log; ${WAIT}`),
        restartPolicy: "Always",
        startupProbe: { exec: { command: ["grep", "up", "/shared/log"] }, periodSeconds: 1 },
      },
      step("two", "echo two >> /shared/log"),
    ],
    containers: [step("app", "echo app >> /shared/log")],
  });
  await dev.phase("order", "Succeeded");
  const log = await dev.wait("the end of the sidecar", async () => {
    const text = await dev.logs("order", "?container=side");
    return text === "" ? undefined : text;
  });
  expect(log).toBe("one\nup\ntwo\napp\n");
});
const WAIT = "sleep 1000 & wait";

test("an init container that fails for good ends the pod before its containers", async () => {
  await dev.create("refused", {
    restartPolicy: "Never",
    initContainers: [{ name: "first", image: "sh", args: ["-c", "exit 1"] }],
    containers: [{ name: "app", image: "sh", args: ["-c", "true"] }],
  });
  const { state } = statusOf(await dev.phase("refused", "Failed")) ?? {};
  expect(state?.waiting?.reason).toBe("PodInitializing");
});

test("a pod that is deleted ends by its own trap, and nothing of it stays", async () => {
  await dev.run("leaves", STAY);
  await dev.says("leaves", "up");
  const pod = await dev.client.get(PODS, { name: "leaves", namespace: dev.namespace });
  const uid = pod?.metadata?.uid ?? "";
  const { root, cgroup } = dev.instance;
  const places = [
    `${root}/pods/${uid}`,
    `${root}/host/run/netns/cni-${uid}`,
    ...(cgroup === undefined ? [] : [`${cgroup}/kubepods/pod${uid}`]),
  ];
  expect(places.map((path) => existsSync(path))).not.toContain(false);
  const startedMs = performance.now();
  await dev.client.delete(PODS, { name: "leaves", namespace: dev.namespace });
  await dev.gone("leaves");
  expect(performance.now() - startedMs).toBeLessThan(1_900);
  expect(places.map((path) => existsSync(path))).not.toContain(true);
});

test("a pod that does not listen is killed when its time is over, or is made shorter", async () => {
  await dev.run("deaf", "trap '' TERM; echo up; while :; do sleep 1000; done", {
    terminationGracePeriodSeconds: 100,
  });
  await dev.says("deaf", "up");
  const name = { name: "deaf", namespace: dev.namespace };
  await dev.client.delete(PODS, name);
  await dev.pod("deaf", "its end", ({ metadata }) => metadata?.deletionTimestamp !== undefined);
  await dev.client.delete(PODS, name, { gracePeriodSeconds: 1 });
  await dev.gone("deaf");
});

test("a pod deleted by force makes room for another of its name, which stays", async () => {
  const name = { name: "again", namespace: dev.namespace };
  await dev.run("again", STAY);
  await dev.ready("again");
  const first = await dev.client.get(PODS, name);
  await dev.client.delete(PODS, name, { gracePeriodSeconds: 0 });
  await dev.run("again", STAY);
  await dev.ready("again");
  await dev.wait("the end of the first", async () =>
    existsSync(`${dev.instance.root}/pods/${first?.metadata?.uid}`) ? undefined : true,
  );
  const second = await dev.client.get(PODS, name);
  expect(second?.metadata?.deletionTimestamp).toBeUndefined();
  expect(statusOf(second ?? {})?.state?.running).toBeDefined();
});

test("a crashing container is started again; only the newest layer and the last two logs stay", async () => {
  await dev.run("crash", "echo > /mine; exit 1");
  const pod = await dev.pod("crash", "a restart", (each) => statusOf(each)?.restartCount === 1);
  expect(statusOf(pod)?.lastState?.terminated?.exitCode).toBe(1);
  const folder = `${dev.instance.root}/pods/${pod.metadata?.uid}`;
  expect(readdirSync(`${folder}/layers`).length).toBeLessThanOrEqual(1);
  expect(readdirSync(`${folder}/logs/c`).length).toBeLessThanOrEqual(2);
});

test("a pod waits for its ConfigMap, and a container for its image", async () => {
  await dev.run("waits", "cat /config/key", {
    restartPolicy: "Never",
    volumes: [{ name: "config", configMap: { name: "late" } }],
    container: { volumeMounts: [{ name: "config", mountPath: "/config" }] },
  });
  await dev.run("unknown", "true", { container: { image: "nobody/knows:1" } });
  const pod = await dev.pod("unknown", "a reason", (each) =>
    Boolean(statusOf(each)?.state?.waiting?.message),
  );
  expect(statusOf(pod)?.state?.waiting).toMatchObject({
    reason: "CreateContainerError",
    message: expect.stringContaining("--image nobody/knows=PROGRAM"),
  });
  await dev.client.create(CONFIG_MAPS, {
    metadata: { name: "late", namespace: dev.namespace },
    data: { key: "value" },
  });
  await dev.phase("waits", "Succeeded");
  expect(await dev.logs("waits")).toBe("value");
});

test("probes hold readiness back, and liveness starts a container again", async () => {
  const probe = (command: string) => ({
    ...{ exec: { command: ["sh", "-c", command] } },
    ...{ periodSeconds: 1, failureThreshold: 1 },
  });
  await dev.run("probed", STAY, {
    container: { readinessProbe: probe("exit 1"), livenessProbe: probe("exit 1") },
  });
  const pod = await dev.pod("probed", "a restart", (each) => statusOf(each)?.restartCount === 1);
  expect(statusOf(pod)?.ready).toBe(false);
  expect(statusOf(pod)?.lastState?.terminated?.exitCode).toBeOneOf([0, 137]);
});

test("a postStart hook runs in its container, and the next one starts once it has ended", async () => {
  const mount = { volumeMounts: [{ name: "shared", mountPath: "/shared" }] };
  const hook = ["sh", "-c", "sleep 0.2; echo hook >> /shared/log"];
  await dev.create("greets", {
    volumes: [{ name: "shared", emptyDir: {} }],
    containers: [
      {
        ...{ name: "first", image: "sh", args: ["-c", STAY], ...mount },
        lifecycle: { postStart: { exec: { command: hook } } },
      },
      { name: "next", image: "sh", args: ["-c", `cat /shared/log; ${STAY}`], ...mount },
    ],
  });
  const log = await dev.wait("the next one", async () => {
    const text = await dev.logs("greets", "?container=next");
    return text.includes("up") ? text : undefined;
  });
  expect(log).toBe("hook\nup\n");
  await dev.client.delete(PODS, { name: "greets", namespace: dev.namespace });
});

test("a preStop hook runs before the signal, also one that only waits", async () => {
  await dev.run("hooked", `trap 'cat /tmp/hook; exit 0' TERM; echo up; ${WAIT}`, {
    container: {
      lifecycle: { preStop: { exec: { command: ["sh", "-c", "echo hook > /tmp/hook"] } } },
    },
  });
  await dev.says("hooked", "up");
  const path = "/api/v1/namespaces/apps/pods/hooked/log?follow=true";
  const log = (await dev.ask(path)).text();
  await dev.client.delete(PODS, { name: "hooked", namespace: dev.namespace });
  await dev.gone("hooked");
  expect(await log).toBe("up\nhook\n");
});

test("a pod of the host's network has the node's address", async () => {
  await dev.run("host", STAY, { hostNetwork: true });
  expect(await dev.ready("host")).toBe("10.244.0.1");
  await dev.client.delete(PODS, { name: "host", namespace: dev.namespace });
  await dev.gone("host");
});
