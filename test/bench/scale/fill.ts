/** Writes the simulated cluster through the API, many requests at a time. */

import type { KubeClient } from "#lib/k8s/client.ts";
import {
  ENDPOINT_SLICES,
  NAMESPACES,
  NODES,
  PODS,
  SERVICE_ACCOUNTS,
  SERVICES,
} from "#lib/k8s/resource.ts";
import {
  type MadePod,
  makeNode,
  makePod,
  makeService,
  makeSlice,
  namespaceName,
  runningStatus,
  SIZE,
} from "./objects.ts";

const AT_A_TIME = 16;

/** Writes all of it. */
export async function fill(client: KubeClient): Promise<void> {
  await each(SIZE.namespaces, async (number) => {
    const namespace = namespaceName(number);
    const name = "app";
    await client.create(NAMESPACES, { metadata: { name: namespace } });
    await client.create(SERVICE_ACCOUNTS, { metadata: { name, namespace } });
  });
  await each(SIZE.nodes, async (number) => void (await client.create(NODES, makeNode(number))));
  await each(SIZE.services, async (service) => {
    await client.create(SERVICES, makeService(service));
    const pods: MadePod[] = [];
    for (let pod = 0; pod < SIZE.podsPerService; pod++)
      pods.push(await createPod(client, service, pod));
    await client.create(ENDPOINT_SLICES, makeSlice(service, pods));
  });
}

async function createPod(client: KubeClient, service: number, pod: number): Promise<MadePod> {
  const { metadata } = await client.create(PODS, makePod(service, pod));
  const name = { name: metadata?.name ?? "", namespace: namespaceName(service) };
  const body = { status: runningStatus(service, pod) };
  await client.patch(PODS, name, { type: "merge", subresource: "status", body });
  return { name: name.name, uid: metadata?.uid ?? "" };
}

/** Does it for 0 to `count`, so many at a time. */
async function each(count: number, work: (number: number) => Promise<void>): Promise<void> {
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < count) await work(next++);
  };
  await Promise.all(Array.from({ length: AT_A_TIME }, worker));
}
