/** Lists the sample's Deployments by the official client; prints which of them are ready. */

import { AppsV1Api, KubeConfig } from "@kubernetes/client-node";

const [server = "", token = ""] = process.argv.slice(2);
const config = new KubeConfig();
config.loadFromOptions({
  clusters: [{ name: "dev", server }],
  users: [{ name: "dev", token }],
  contexts: [{ name: "dev", cluster: "dev", user: "dev" }],
  currentContext: "dev",
});
const { items } = await config
  .makeApiClient(AppsV1Api)
  .listNamespacedDeployment({ namespace: "sample" });
const ready = items.map(({ metadata, spec, status }) => [
  metadata?.name ?? "",
  status?.availableReplicas === spec?.replicas,
]);
process.stdout.write(JSON.stringify(Object.fromEntries(ready)));
