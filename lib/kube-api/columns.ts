/** The columns that `kubectl get` shows, kind by kind. */

import type { Column } from "./column.ts";
import {
  type ApiObject,
  at,
  type Fields,
  fieldsOf,
  listOf,
  numberAt,
  stringsOf,
  textAt,
} from "./object.ts";
import { podCells } from "./pod-columns.ts";

const NONE = "<none>";
const name: Column = { name: "Name", cell: ({ metadata }) => metadata.name ?? "" };
const age: Column = {
  name: "Age",
  cell: ({ metadata }, now) => since(metadata.creationTimestamp, now),
};
const number = (head: string, ...path: readonly string[]): Column => ({
  name: head,
  type: "integer",
  cell: (object) => numberAt(object, ...path) ?? 0,
});
const text = (head: string, ...path: readonly string[]): Column => ({
  name: head,
  cell: (object) => textAt(object, ...path) ?? NONE,
});
const templateColumns: readonly Column[] = [
  { name: "Containers", wide: true, cell: (object) => containers(object, "name") },
  { name: "Images", wide: true, cell: (object) => containers(object, "image") },
  {
    name: "Selector",
    wide: true,
    cell: (object) => pairs(at(object, "spec", "selector", "matchLabels")),
  },
];

/** Columns by `kind.group`. */
const COLUMNS: Readonly<Record<string, readonly Column[]>> = {
  Pod: [name, ...podCells, age].sort((a, b) => Number(a.wide ?? false) - Number(b.wide ?? false)),
  Service: [
    name,
    text("Type", "spec", "type"),
    text("Cluster-IP", "spec", "clusterIP"),
    {
      name: "External-IP",
      cell: (service) =>
        textAt(service, "spec", "externalName") ??
        (stringsOf(at(service, "spec", "externalIPs")).join(",") || NONE),
    },
    {
      name: "Port(s)",
      cell: (service) =>
        listOf(at(service, "spec", "ports"))
          .map(
            ({ port, nodePort, protocol }) =>
              `${port}${nodePort === undefined ? "" : `:${nodePort}`}/${protocol}`,
          )
          .join(",") || NONE,
    },
    age,
    { name: "Selector", wide: true, cell: (service) => pairs(at(service, "spec", "selector")) },
  ],
  Namespace: [name, text("Status", "status", "phase"), age],
  Node: [
    name,
    { name: "Status", cell: nodeStatus },
    {
      name: "Roles",
      cell: ({ metadata }) =>
        Object.keys(metadata.labels ?? {})
          .flatMap((key) => (key.startsWith("node-role.kubernetes.io/") ? [key.slice(24)] : []))
          .join(",") || NONE,
    },
    age,
    text("Version", "status", "nodeInfo", "kubeletVersion"),
    {
      name: "Internal-IP",
      wide: true,
      cell: (node) =>
        listOf(at(node, "status", "addresses")).find(({ type }) => type === "InternalIP")?.[
          "address"
        ] ?? NONE,
    },
  ],
  ConfigMap: [
    name,
    {
      name: "Data",
      type: "integer",
      cell: (map) =>
        Object.keys({ ...fieldsOf(map["data"]), ...fieldsOf(map["binaryData"]) }).length,
    },
    age,
  ],
  Secret: [
    name,
    text("Type", "type"),
    {
      name: "Data",
      type: "integer",
      cell: (secret) => Object.keys(fieldsOf(secret["data"])).length,
    },
    age,
  ],
  ServiceAccount: [
    name,
    { name: "Secrets", type: "integer", cell: (account) => listOf(account["secrets"]).length },
    age,
  ],
  Endpoints: [
    name,
    {
      name: "Endpoints",
      cell: (endpoints) =>
        listOf(endpoints["subsets"])
          .flatMap((subset) =>
            listOf(subset["addresses"]).map(
              ({ ip }) => `${ip}:${listOf(subset["ports"])[0]?.["port"] ?? ""}`,
            ),
          )
          .join(",") || NONE,
    },
    age,
  ],
  Event: [
    {
      name: "Last Seen",
      cell: (event, now) =>
        since(
          textAt(event, "lastTimestamp") ??
            textAt(event, "eventTime") ??
            event.metadata.creationTimestamp,
          now,
        ),
    },
    text("Type", "type"),
    text("Reason", "reason"),
    {
      name: "Object",
      cell: (event) =>
        `${String(at(event, "involvedObject", "kind") ?? at(event, "regarding", "kind") ?? "").toLowerCase()}/${at(event, "involvedObject", "name") ?? at(event, "regarding", "name") ?? ""}`,
    },
    { name: "Message", cell: (event) => textAt(event, "message") ?? textAt(event, "note") ?? "" },
  ],
  "Deployment.apps": [
    name,
    {
      name: "Ready",
      cell: (object) =>
        `${numberAt(object, "status", "readyReplicas") ?? 0}/${numberAt(object, "spec", "replicas") ?? 0}`,
    },
    number("Up-to-date", "status", "updatedReplicas"),
    number("Available", "status", "availableReplicas"),
    age,
    ...templateColumns,
  ],
  "ReplicaSet.apps": [
    name,
    number("Desired", "spec", "replicas"),
    number("Current", "status", "replicas"),
    number("Ready", "status", "readyReplicas"),
    age,
    ...templateColumns,
  ],
  "StatefulSet.apps": [
    name,
    {
      name: "Ready",
      cell: (object) =>
        `${numberAt(object, "status", "readyReplicas") ?? 0}/${numberAt(object, "spec", "replicas") ?? 0}`,
    },
    age,
    ...templateColumns.slice(0, 2),
  ],
  "DaemonSet.apps": [
    name,
    number("Desired", "status", "desiredNumberScheduled"),
    number("Current", "status", "currentNumberScheduled"),
    number("Ready", "status", "numberReady"),
    number("Up-to-date", "status", "updatedNumberScheduled"),
    number("Available", "status", "numberAvailable"),
    {
      name: "Node Selector",
      cell: (object) => pairs(at(object, "spec", "template", "spec", "nodeSelector")),
    },
    age,
    ...templateColumns,
  ],
  "Job.batch": [
    name,
    { name: "Status", cell: jobStatus },
    {
      name: "Completions",
      cell: (job) =>
        `${numberAt(job, "status", "succeeded") ?? 0}/${numberAt(job, "spec", "completions") ?? 1}`,
    },
    age,
    ...templateColumns,
  ],
  "CronJob.batch": [
    name,
    text("Schedule", "spec", "schedule"),
    { name: "Suspend", cell: (cron) => at(cron, "spec", "suspend") === true },
    age,
  ],
  "EndpointSlice.discovery.k8s.io": [
    name,
    text("AddressType", "addressType"),
    {
      name: "Ports",
      cell: (slice) =>
        listOf(slice["ports"])
          .map(({ port }) => port)
          .join(",") || "<unset>",
    },
    {
      name: "Endpoints",
      cell: (slice) =>
        listOf(slice["endpoints"])
          .flatMap((endpoint) => stringsOf(endpoint["addresses"]))
          .join(",") || "<unset>",
    },
    age,
  ],
  "Lease.coordination.k8s.io": [name, text("Holder", "spec", "holderIdentity"), age],
  "CustomResourceDefinition.apiextensions.k8s.io": [
    name,
    { name: "Created At", cell: ({ metadata }) => metadata.creationTimestamp ?? "" },
  ],
};

/** The columns of a kind; name and age for one that has none. */
export function columnsOf(resource: {
  readonly group: string;
  readonly kind: string;
}): readonly Column[] {
  const key = resource.group === "" ? resource.kind : `${resource.kind}.${resource.group}`;
  return COLUMNS[key] ?? [name, age];
}

/** `5m`, `3h20m`, `2d`: how long ago, as kubectl says it. */
export function since(time: string | null | undefined, wallMs: number): string {
  if (!time) return "<unknown>";
  const seconds = Math.max(0, Math.floor((wallMs - Date.parse(time)) / 1000));
  const minutes = Math.floor(seconds / 60);
  const hours = Math.floor(minutes / 60);
  if (seconds < 120) return `${seconds}s`;
  if (minutes < 10) return seconds % 60 === 0 ? `${minutes}m` : `${minutes}m${seconds % 60}s`;
  if (minutes < 180) return `${minutes}m`;
  if (hours < 8) return minutes % 60 === 0 ? `${hours}h` : `${hours}h${minutes % 60}m`;
  return hours < 48 ? `${hours}h` : `${Math.floor(hours / 24)}d`;
}

function nodeStatus(node: ApiObject): string {
  const ready = listOf(at(node, "status", "conditions")).find(({ type }) => type === "Ready");
  const word = ready === undefined ? "Unknown" : ready["status"] === "True" ? "Ready" : "NotReady";
  return at(node, "spec", "unschedulable") === true ? `${word},SchedulingDisabled` : word;
}

function jobStatus(job: ApiObject): string {
  const done = listOf(at(job, "status", "conditions")).find(({ status }) => status === "True");
  return textAt(done, "type") ?? "Running";
}

function containers(object: ApiObject, field: string): string {
  return listOf(at(object, "spec", "template", "spec", "containers"))
    .map((container: Fields) => container[field])
    .join(",");
}

function pairs(labels: unknown): string {
  return (
    Object.entries(fieldsOf(labels))
      .map(([key, value]) => `${key}=${value}`)
      .join(",") || NONE
  );
}
