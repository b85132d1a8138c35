/** What the API server fills into objects of built-in kinds. */

import { type ApiObject, at, copy, type Fields, fieldsOf, listOf } from "./object.ts";
import { completePodSpec, fill } from "./pod-defaults.ts";

/** The object with its defaults. */
export function withDefaults(object: ApiObject): ApiObject {
  const complete = DEFAULTS[`${object.apiVersion}/${object.kind}`];
  if (complete === undefined) return object;
  const result = copy(object);
  complete(result);
  return result;
}

const PERCENT = "25%";
const ROLLING = {
  type: "RollingUpdate",
  rollingUpdate: { maxUnavailable: PERCENT, maxSurge: PERCENT },
};

const DEFAULTS: Readonly<Record<string, (object: ApiObject) => void>> = {
  "v1/Pod": (pod) => {
    const spec = section(pod, "spec");
    fill(spec, { serviceAccountName: "default", enableServiceLinks: true });
    spec["serviceAccount"] ??= spec["serviceAccountName"];
    completePodSpec(spec);
    fill(section(pod, "status"), { phase: "Pending", qosClass: qualityOf(spec) });
  },
  "v1/Namespace": (namespace) => {
    fill(section(namespace, "spec"), { finalizers: ["kubernetes"] });
    fill(section(namespace, "status"), { phase: "Active" });
    namespace.metadata.labels = {
      ...namespace.metadata.labels,
      "kubernetes.io/metadata.name": namespace.metadata.name ?? "",
    };
  },
  "v1/Secret": (secret) => {
    fill(secret, { type: "Opaque" });
    const { stringData } = secret;
    if (stringData === undefined) return;
    const encoded = Object.entries(fieldsOf(stringData)).map(
      ([name, text]) => [name, Buffer.from(String(text)).toString("base64")] as const,
    );
    secret["data"] = { ...fieldsOf(secret["data"]), ...Object.fromEntries(encoded) };
    delete secret["stringData"];
  },
  "v1/Service": (service) => {
    const spec = section(service, "spec");
    fill(spec, { type: "ClusterIP", sessionAffinity: "None", internalTrafficPolicy: "Cluster" });
    for (const port of listOf(spec["ports"]))
      fill(port, { protocol: "TCP", targetPort: port["port"] });
    fill(section(service, "status"), { loadBalancer: {} });
  },
  "v1/ReplicationController": (controller) => {
    fill(section(controller, "spec"), { replicas: 1 });
    completeTemplate(controller);
  },
  "apps/v1/Deployment": (deployment) => {
    const spec = section(deployment, "spec");
    fill(spec, {
      replicas: 1,
      strategy: ROLLING,
      revisionHistoryLimit: 10,
      progressDeadlineSeconds: 600,
    });
    const strategy = fieldsOf(spec["strategy"]);
    fill(strategy, { type: "RollingUpdate" });
    if (strategy["type"] === "RollingUpdate")
      fill(section(strategy, "rollingUpdate"), ROLLING.rollingUpdate);
    completeTemplate(deployment);
  },
  "apps/v1/ReplicaSet": (set) => {
    fill(section(set, "spec"), { replicas: 1 });
    completeTemplate(set);
  },
  "apps/v1/StatefulSet": (set) => {
    fill(section(set, "spec"), {
      replicas: 1,
      podManagementPolicy: "OrderedReady",
      revisionHistoryLimit: 10,
      updateStrategy: { type: "RollingUpdate", rollingUpdate: { partition: 0 } },
    });
    completeTemplate(set);
  },
  "apps/v1/DaemonSet": (set) => {
    fill(section(set, "spec"), {
      revisionHistoryLimit: 10,
      updateStrategy: { type: "RollingUpdate", rollingUpdate: { maxUnavailable: 1, maxSurge: 0 } },
    });
    completeTemplate(set);
  },
  "batch/v1/Job": completeJob,
  "batch/v1/CronJob": (cron) => {
    fill(section(cron, "spec"), {
      concurrencyPolicy: "Allow",
      suspend: false,
      successfulJobsHistoryLimit: 3,
      failedJobsHistoryLimit: 1,
    });
    completePodSpec(
      section(
        section(section(section(section(cron, "spec"), "jobTemplate"), "spec"), "template"),
        "spec",
      ),
    );
  },
  "admissionregistration.k8s.io/v1/MutatingWebhookConfiguration": completeWebhooks,
  "admissionregistration.k8s.io/v1/ValidatingWebhookConfiguration": completeWebhooks,
};

/** A job's pods are found by its uid; the labels and the selector are the server's. */
function completeJob(job: ApiObject): void {
  const spec = section(job, "spec");
  fill(spec, {
    parallelism: 1,
    completions: 1,
    backoffLimit: 6,
    completionMode: "NonIndexed",
    suspend: false,
  });
  const template = section(spec, "template");
  const labels = section(section(template, "metadata"), "labels");
  const { uid, name } = job.metadata;
  if (uid !== undefined && spec["manualSelector"] !== true) {
    fill(labels, {
      "controller-uid": uid,
      "job-name": name,
      "batch.kubernetes.io/controller-uid": uid,
      "batch.kubernetes.io/job-name": name,
    });
    fill(spec, { selector: { matchLabels: { "batch.kubernetes.io/controller-uid": uid } } });
  }
  completeTemplate(job);
}

function completeWebhooks(configuration: ApiObject): void {
  for (const webhook of listOf(configuration["webhooks"])) {
    fill(webhook, {
      failurePolicy: "Fail",
      matchPolicy: "Equivalent",
      timeoutSeconds: 10,
      namespaceSelector: {},
      objectSelector: {},
      ...(configuration.kind === "MutatingWebhookConfiguration" && { reinvocationPolicy: "Never" }),
    });
    for (const rule of listOf(webhook["rules"])) fill(rule, { scope: "*" });
    const service = at(webhook, "clientConfig", "service");
    if (service !== undefined) fill(fieldsOf(service), { port: 443 });
  }
}

function completeTemplate(object: ApiObject): void {
  const template = section(section(object, "spec"), "template");
  section(template, "metadata");
  completePodSpec(section(template, "spec"));
}

function section(parent: Fields, name: string): Fields {
  parent[name] ??= {};
  return fieldsOf(parent[name]);
}

function qualityOf(spec: Fields): string {
  const containers = listOf(spec["containers"]);
  const named = containers.map((container) => fieldsOf(container["resources"]));
  if (named.every((each) => Object.keys(each).length === 0)) return "BestEffort";
  const guaranteed = named.every((each) => {
    const limits = fieldsOf(each["limits"]);
    const requests = { ...limits, ...fieldsOf(each["requests"]) };
    return ["cpu", "memory"].every(
      (name) => limits[name] !== undefined && requests[name] === limits[name],
    );
  });
  return guaranteed ? "Guaranteed" : "Burstable";
}
