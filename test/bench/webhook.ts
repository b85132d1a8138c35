/** The injector's webhook under a steady load of pods of a Deployment, as the API server sends them. */

import { mkdirSync, writeFileSync } from "node:fs";
import type { Pod } from "#lib/k8s/types/core.ts";
import { createCertificates } from "../../deploy/certificates.ts";
import { renderControlPlane } from "../../deploy/control-plane.ts";
import { createValues } from "../../deploy/values.ts";
import { output } from "../e2e/shell.ts";
import { FakeKubeApi } from "../fake/kube-api.ts";
import { FIRST } from "./bed.ts";
import type { LoadResult } from "./load/result.ts";
import { judgeGoal } from "./measurement.ts";
import { cpuTicks, memoryMib, TICK_MS } from "./process.ts";
import { endRole, programFolder, startRole } from "./role-process.ts";

const GOAL = { goal: 20, unit: "ms" } as const;
const LOAD = { rate: 50, connections: 4, "warm-up": 5, for: 20 } as const;
const LOADER = new URL("load/main.ts", import.meta.url).pathname;
const READY_TIMEOUT_MS = 10_000;
const PORT = 18_443;
const ADMIN_PORT = 19_995;

type Say = (line: string) => void;

/** Measures and prints; false where the goal is missed. */
export async function measureWebhook(say: Say): Promise<boolean> {
  const folder = await programFolder();
  const kube = await FakeKubeApi.start();
  try {
    const { caPem, host } = writeFiles(folder.dir);
    const flags = ["values-file=values", "trust-anchors-file=anchors.pem", "tls-dir=."];
    const role = startRole(folder.dir, {
      words: [
        "injector",
        ...flags.map((flag) => `-${flag.replace("=", `=${folder.dir}/files/`)}`),
        `-addr=127.0.0.1:${PORT}`,
        `-metrics-addr=127.0.0.1:${ADMIN_PORT}`,
        "-linkerd-namespace=mesh",
        "-log-level=warn",
      ],
      // The API in memory shows a certificate for this name.
      api: { host: "localhost", port: new URL(kube.url).port, caPem: kube.authority.anchorsPem },
      token: "admin",
    });
    try {
      await isReady();
      return await measure({ pid: role.pid, dir: folder.dir, caPem, host }, say);
    } finally {
      await endRole(role);
    }
  } finally {
    kube.stop();
    folder.remove();
  }
}

/** What the injector's pod mounts: values, anchors, and the certificate it serves with. */
function writeFiles(dir: string): { readonly caPem: string; readonly host: string } {
  const values = createValues("0.0.0-bench");
  const { namespace, identityTrustDomain: trustDomain } = values;
  const certificates = createCertificates({ namespace, trustDomain, nowMs: Date.now() });
  const config = renderControlPlane(values, certificates).find(
    ({ metadata }) => metadata?.name === "linkerd-config",
  ) as { readonly data?: { readonly values?: string } } | undefined;
  const { crtPem, keyPem, caPem } = certificates.proxyInjector;
  mkdirSync(`${dir}/files`);
  const files = {
    values: config?.data?.values ?? "",
    "anchors.pem": certificates.anchorsPem,
    "tls.crt": crtPem,
    "tls.key": keyPem,
  };
  for (const [name, text] of Object.entries(files))
    writeFileSync(`${dir}/files/${name}`, text, { mode: 0o644 });
  return { caPem, host: `linkerd-proxy-injector.${namespace}.svc` };
}

async function isReady(): Promise<void> {
  const limit = performance.now() + READY_TIMEOUT_MS;
  for (;;) {
    const answer = await fetch(`http://127.0.0.1:${ADMIN_PORT}/ready`).catch(() => undefined);
    if (answer?.ok === true) return;
    if (performance.now() > limit) throw new Error("Cannot measure: the injector is not ready");
    await Bun.sleep(20);
  }
}

async function measure(
  on: { readonly pid: number; readonly dir: string; readonly caPem: string; readonly host: string },
  say: Say,
): Promise<boolean> {
  await proveInjection(on);
  const { pid, dir, caPem, host } = on;
  // What is measured is theirs, not the machine's.
  await output([...FIRST, "--all-tasks", "--pid", "10", String(pid)]);
  const before = cpuTicks(pid);
  writeFileSync(`${dir}/review.json`, REVIEW);
  writeFileSync(`${dir}/webhook-ca.pem`, caPem);
  const words = {
    ...LOAD,
    url: `https://127.0.0.1:${PORT}/?timeout=10s`,
    host,
    "server-name": host,
    cacert: `${dir}/webhook-ca.pem`,
    body: `${dir}/review.json`,
  };
  const flags = Object.entries(words).flatMap(([name, value]) => [`--${name}`, String(value)]);
  const load = [...FIRST, "10", "setpriv", "--pdeathsig=KILL", process.execPath, LOADER, ...flags];
  const result = JSON.parse(await output(load)) as LoadResult;
  const reviews = LOAD.rate * (LOAD["warm-up"] + LOAD.for);
  const cpuMs = ((cpuTicks(pid) - before) * TICK_MS) / reviews;
  const { answered, due, latencyUs } = result;
  const whole = answered === due;
  if (!whole) say(`webhook: of ${due} reviews ${answered} were answered, FAILED`);
  say(
    `webhook: p50 ${(latencyUs.p50 / 1000).toFixed(1)} ms, ${cpuMs.toFixed(1)} ms of CPU for each review, ${memoryMib(pid)("Pss").toFixed(0)} MiB`,
  );
  const title = `webhook: p99 at ${LOAD.rate} reviews a second`;
  return judgeGoal(title, latencyUs.p99 / 1000, GOAL, say) && whole;
}

/** The reviews must be such that a proxy is added. */
async function proveInjection({
  caPem,
  host,
}: {
  readonly caPem: string;
  readonly host: string;
}): Promise<void> {
  const answer = await fetch(`https://127.0.0.1:${PORT}/`, {
    method: "POST",
    body: REVIEW,
    tls: { ca: caPem, serverName: host, checkServerIdentity: () => undefined },
  } as RequestInit);
  const { response } = (await answer.json()) as { response?: { patch?: string } };
  const patch = Buffer.from(response?.patch ?? "", "base64").toString();
  if (!patch.includes("linkerd-proxy"))
    throw new Error("Cannot measure: the webhook adds no proxy to the bench's pod");
}

/** As the API server hands over a pod that a ReplicaSet makes: with its token's volume and with defaults. */
const POD: Pod = {
  apiVersion: "v1",
  kind: "Pod",
  metadata: {
    generateName: "web-6d4cf56db6-",
    namespace: "mesh",
    labels: { app: "web", "pod-template-hash": "6d4cf56db6" },
    annotations: { "linkerd.io/inject": "enabled", "config.linkerd.io/skip-outbound-ports": "25" },
    ownerReferences: [
      {
        apiVersion: "apps/v1",
        kind: "ReplicaSet",
        name: "web-6d4cf56db6",
        uid: "8b5d2d1e-6a3a-4a6e-9f4f-2f8a3c9f2b11",
        controller: true,
        blockOwnerDeletion: true,
      },
    ],
  },
  spec: {
    restartPolicy: "Always",
    terminationGracePeriodSeconds: 30,
    dnsPolicy: "ClusterFirst",
    schedulerName: "default-scheduler",
    serviceAccountName: "web",
    securityContext: {},
    enableServiceLinks: true,
    volumes: [
      {
        name: "kube-api-access-x7k2p",
        projected: {
          defaultMode: 420,
          sources: [
            { serviceAccountToken: { expirationSeconds: 3607, path: "token" } },
            {
              configMap: {
                name: "kube-root-ca.crt",
                items: [{ key: "ca.crt", path: "ca.crt" }],
              },
            },
          ],
        },
      },
    ],
    containers: [
      {
        name: "web",
        image: "registry.example.com/web:1.2.3",
        imagePullPolicy: "IfNotPresent",
        ports: [{ name: "http", containerPort: 8080, protocol: "TCP" }],
        env: [{ name: "LOG_LEVEL", value: "info" }],
        resources: { requests: { cpu: "100m" }, limits: { memory: "256Mi" } },
        readinessProbe: { httpGet: { path: "/ready", port: "http", scheme: "HTTP" } },
        volumeMounts: [
          {
            name: "kube-api-access-x7k2p",
            mountPath: "/var/run/secrets/kubernetes.io/serviceaccount",
            readOnly: true,
          },
        ],
      },
    ],
  },
};
const KIND = { group: "", version: "v1", kind: "Pod" };
const RESOURCE = { group: "", version: "v1", resource: "pods" };
const REVIEW: string = JSON.stringify({
  apiVersion: "admission.k8s.io/v1",
  kind: "AdmissionReview",
  request: {
    uid: "705ab4f5-6393-11e8-b7cc-42010a800002",
    kind: KIND,
    resource: RESOURCE,
    requestKind: KIND,
    requestResource: RESOURCE,
    namespace: "mesh",
    operation: "CREATE",
    userInfo: {
      username: "system:serviceaccount:kube-system:replicaset-controller",
      groups: ["system:serviceaccounts", "system:authenticated"],
    },
    object: POD,
    oldObject: null,
    dryRun: false,
    options: { apiVersion: "meta.k8s.io/v1", kind: "CreateOptions" },
  },
});
