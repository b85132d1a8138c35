/** What the API server fills into pod specs. */

import { type Fields, fieldsOf, listOf } from "./object.ts";

/** Fills a pod's spec, or a template's, in place. */
export function completePodSpec(spec: Fields): void {
  fill(spec, {
    restartPolicy: "Always",
    terminationGracePeriodSeconds: 30,
    dnsPolicy: "ClusterFirst",
    schedulerName: "default-scheduler",
    securityContext: {},
  });
  for (const container of [...listOf(spec["initContainers"]), ...listOf(spec["containers"])])
    completeContainer(container);
  for (const volume of listOf(spec["volumes"])) completeVolume(volume);
}

/** Sets the fields that are missing. */
export function fill(target: Fields, defaults: Fields): void {
  for (const [name, value] of Object.entries(defaults)) target[name] ??= structuredClone(value);
}

function completeContainer(container: Fields): void {
  const image = String(container["image"] ?? "");
  const latest = !/[:@][^/]*$/.test(image) || image.endsWith(":latest");
  fill(container, {
    imagePullPolicy: latest ? "Always" : "IfNotPresent",
    terminationMessagePath: "/dev/termination-log",
    terminationMessagePolicy: "File",
    resources: {},
  });
  for (const port of listOf(container["ports"])) fill(port, { protocol: "TCP" });
  for (const name of ["livenessProbe", "readinessProbe", "startupProbe"])
    if (container[name] !== undefined) completeProbe(fieldsOf(container[name]));
  for (const handler of Object.values(fieldsOf(container["lifecycle"])))
    completeHandler(fieldsOf(handler));
  for (const { valueFrom } of listOf(container["env"])) {
    const field = fieldsOf(valueFrom)["fieldRef"];
    if (field !== undefined) fill(fieldsOf(field), { apiVersion: "v1" });
  }
}

function completeProbe(probe: Fields): void {
  fill(probe, { timeoutSeconds: 1, periodSeconds: 10, successThreshold: 1, failureThreshold: 3 });
  completeHandler(probe);
}

function completeHandler(handler: Fields): void {
  if (handler["httpGet"] !== undefined)
    fill(fieldsOf(handler["httpGet"]), { path: "/", scheme: "HTTP" });
  if (handler["grpc"] !== undefined) fill(fieldsOf(handler["grpc"]), { service: "" });
}

const FILE_MODE = 0o644;

function completeVolume(volume: Fields): void {
  for (const name of ["configMap", "secret", "projected", "downwardAPI"])
    if (volume[name] !== undefined) fill(fieldsOf(volume[name]), { defaultMode: FILE_MODE });
  if (volume["hostPath"] !== undefined) fill(fieldsOf(volume["hostPath"]), { type: "" });
  const sources = listOf(fieldsOf(volume["projected"])["sources"]);
  for (const { serviceAccountToken, downwardAPI } of sources) {
    if (serviceAccountToken !== undefined)
      fill(fieldsOf(serviceAccountToken), { expirationSeconds: 3600 });
    for (const { fieldRef } of listOf(fieldsOf(downwardAPI)["items"]))
      if (fieldRef !== undefined) fill(fieldsOf(fieldRef), { apiVersion: "v1" });
  }
  for (const { fieldRef } of listOf(fieldsOf(volume["downwardAPI"])["items"]))
    if (fieldRef !== undefined) fill(fieldsOf(fieldRef), { apiVersion: "v1" });
}
