/** Kubernetes' own clients against dev mode's API: kubectl old and new, and the official client on Bun. */

import { writeFileSync } from "node:fs";
import { type Bed, expect, must, ROOT, run, until } from "../bed.ts";
import type { Check } from "../check.ts";
import { newKubectl, oldKubectl } from "../kubectls.ts";

export const KUBECTL: readonly Check[] = [
  {
    name: "Deployments are ready, seen by Debian's kubectl 1.20",
    tiers: ["ebpf"],
    run: (bed) => seen(bed, oldKubectl),
  },
  {
    name: "Deployments are ready, seen by a current kubectl",
    tiers: ["ebpf"],
    run: (bed) => seen(bed, newKubectl),
  },
  {
    name: "Deployments are ready, seen by @kubernetes/client-node on Bun",
    tiers: ["ebpf"],
    run: clientNode,
  },
  {
    name: "kubectl 1.20: apply, get -w, logs, rollout, scale and delete work",
    tiers: ["ebpf"],
    run: async (bed) => await verbs(bed, await oldKubectl(bed)),
  },
  {
    name: "current kubectl: apply, get -w, logs, rollout, scale and delete work",
    tiers: ["ebpf"],
    run: async (bed) => await verbs(bed, await newKubectl(bed)),
  },
];

const READY = ["web", "emoji", "voting", "redis", "generator", "outsider"];

async function seen(bed: Bed, find: (bed: Bed) => Promise<string>): Promise<string> {
  const kubectl = await find(bed);
  const text = await must(bed, [kubectl, "get", "deployments", "-n", "sample"]);
  for (const name of READY)
    expect(
      new RegExp(`^${name}\\s+(\\d+)/\\1\\s`, "m").test(text),
      `${name} is not ready:\n${text}`,
    );
  const { out } = await run(bed, [kubectl, "version", "--client"]);
  return `${READY.length} ready, by ${/v\d+\.\d+\.\d+/.exec(out)?.[0]}`;
}

/** A child, as the CA has to be in NODE_EXTRA_CA_CERTS before the runtime starts. */
async function clientNode(bed: Bed): Promise<string> {
  const { server, ca, token } = bed.running.access;
  const file = `${bed.instance.root}/ca.crt`;
  writeFileSync(file, ca);
  const out = await must(
    bed,
    [process.execPath, `${ROOT}/test/demo/apps/client-node.ts`, server, token],
    {
      env: { NODE_EXTRA_CA_CERTS: file },
    },
  );
  const ready = JSON.parse(out) as Record<string, boolean>;
  for (const name of READY) expect(ready[name] === true, `${name} is not ready: ${out}`);
  return `${READY.length} ready`;
}

const APP = (image: string): string => `apiVersion: apps/v1
kind: Deployment
metadata: {name: scratch, namespace: default}
spec:
  replicas: 1
  selector: {matchLabels: {app: scratch}}
  template:
    metadata: {labels: {app: scratch}}
    spec:
      terminationGracePeriodSeconds: 1
      containers: [{name: scratch, image: "probes/idle:${image}", command: [sh, -c, "echo up ${image}; exec sleep 1000"]}]
`;

async function verbs(bed: Bed, kubectl: string): Promise<string> {
  const did: string[] = [];
  const act = async (words: string[], input?: string): Promise<string> => {
    const out = await must(bed, [kubectl, ...words], input === undefined ? {} : { input });
    did.push(words.slice(0, 2).join(" "));
    return out;
  };
  const watch = Bun.spawn([kubectl, "get", "pods", "-n", "default", "-w", "-o", "name"], {
    env: { ...Bun.env, KUBECONFIG: bed.running.kubeconfigPath },
    stdout: "pipe",
    stderr: "ignore",
  });
  try {
    await act(["apply", "-f", "-"], APP("1"));
    await act(["rollout", "status", "deploy/scratch", "--timeout=30s"]);
    const { value } = await watch.stdout.getReader().read();
    expect(
      Buffer.from(value ?? [])
        .toString()
        .includes("pod/scratch-"),
      "get -w showed nothing",
    );
    await act(["apply", "--server-side", "--force-conflicts", "-f", "-"], APP("2"));
    await act(["rollout", "status", "deploy/scratch", "--timeout=30s"]);
    await until("its log is there", 5_000, async () =>
      (await act(["logs", "deploy/scratch"])).includes("up 2"),
    );
    await act(["scale", "deploy/scratch", "--replicas=2"]);
    await act(["rollout", "restart", "deploy/scratch"]);
    await act(["rollout", "status", "deploy/scratch", "--timeout=30s"]);
    await act(["delete", "deploy/scratch"]);
    await until(
      "its pods are gone",
      20_000,
      async () => (await must(bed, [kubectl, "get", "pods", "-n", "default", "-o", "name"])) === "",
    );
  } finally {
    watch.kill();
  }
  return [...new Set(did.map((words) => words.split(" -")[0]))].join(", ");
}
