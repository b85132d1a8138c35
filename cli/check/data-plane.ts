/** The proxies: those of the control plane and those of applications. */

import { PROXY_VERSION } from "#lib/k8s/annotations.ts";
import { NAMESPACES, PODS } from "#lib/k8s/resource.ts";
import type { Pod } from "#lib/k8s/types/core.ts";
import { parseExposition } from "#lib/metrics/parse.ts";
import { type Category, expectNone, expectThat, type Target } from "./check.ts";
import { controlPlanePods } from "./existence.ts";
import { MARKS } from "./marks.ts";
import { expectReady, live } from "./objects.ts";
import { inParallel, isMeshed, nameOf, proxyOf, scrapeProxy } from "./proxies.ts";
import { expectTrust } from "./trust.ts";
import { isVersionExpected } from "./version.ts";

const versionOf = ({ metadata }: Pod): string =>
  metadata?.annotations?.[PROXY_VERSION] ?? "unknown";

/** The meshed pods of applications, in the namespace that was asked for or in all. */
async function meshedPods({ client, namespace, linkerdNamespace }: Target): Promise<Pod[]> {
  const { items } = await client.list(PODS, { namespace });
  const pods = live(items).filter(
    (pod) => pod.metadata?.namespace !== linkerdNamespace && isMeshed(pod, linkerdNamespace),
  );
  expectThat(
    pods.length > 0,
    `No "linkerd-proxy" containers found${namespace === undefined ? "" : ` in the "${namespace}" namespace`}`,
  );
  return pods;
}

function expectVersion(pods: readonly Pod[], version: string): void {
  expectNone(
    "some proxies are not running the current version",
    pods
      .filter((pod) => versionOf(pod) !== version)
      .map((pod) => `${nameOf(pod)} (${versionOf(pod)})`),
  );
}

/** Category linkerd-control-plane-proxy. */
export const CONTROL_PLANE_PROXY: Category = {
  name: "linkerd-control-plane-proxy",
  checks: [
    {
      description: "control plane proxies are healthy",
      anchor: "l5d-cp-proxy-healthy",
      severity: "fatal",
      retried: true,
      run: async (target) => {
        const pods = (await controlPlanePods(target)).filter((pod) => proxyOf(pod) !== undefined);
        expectThat(pods.length > 0, 'No "linkerd-proxy" containers found in the control plane');
        expectReady(pods);
      },
    },
    {
      description: "control plane proxies are up-to-date",
      anchor: "l5d-cp-proxy-version",
      severity: "warning",
      applies: isVersionExpected,
      run: async (target) =>
        expectVersion(await controlPlanePods(target), target.expectedVersion ?? ""),
    },
    {
      description: "control plane proxies and cli versions match",
      anchor: "l5d-cp-proxy-cli-version",
      severity: "warning",
      run: async (target) => expectVersion(await controlPlanePods(target), target.version),
    },
  ],
};

/** Categories linkerd-identity-data-plane and linkerd-data-plane; "captured" is part of a proxy's readiness. */
export const DATA_PLANE: readonly Category[] = [
  {
    name: "linkerd-identity-data-plane",
    checks: [
      {
        description: "data plane proxies certificate match CA",
        anchor: "l5d-identity-data-plane-proxies-certs-match-ca",
        severity: "warning",
        retried: true,
        run: async (target) => {
          const own = (await controlPlanePods(target)).filter((pod) => proxyOf(pod) !== undefined);
          await expectTrust(target, [...(await meshedPods(target)), ...own]);
        },
      },
    ],
  },
  {
    name: "linkerd-data-plane",
    checks: [
      {
        description: "data plane namespace exists",
        anchor: "l5d-data-plane-exists",
        severity: "fatal",
        run: async ({ client, namespace }) => {
          if (namespace === undefined) return;
          const found = await client.get(NAMESPACES, { name: namespace });
          expectThat(found !== undefined, `The "${namespace}" namespace does not exist`);
        },
      },
      {
        description: "data plane proxies are ready",
        anchor: "l5d-data-plane-ready",
        severity: "fatal",
        retried: true,
        run: async (target) => expectReady(await meshedPods(target)),
      },
      {
        description: "data plane proxies have valid certificates",
        anchor: "l5d-data-plane-ready",
        retried: true,
        run: async (target) => {
          const pods = await meshedPods(target);
          const now = target.wall() / 1000;
          const expired = await inParallel(pods, async (pod) => {
            const samples = parseExposition(await scrapeProxy(target.client, pod));
            const expires = samples.find(({ name }) => name === EXPIRES)?.value ?? 0;
            return expires > now ? [] : [nameOf(pod)];
          });
          expectNone("Some proxies have no valid certificate", expired.flat());
        },
      },
      {
        description: "data plane is up-to-date",
        anchor: "l5d-data-plane-version",
        severity: "warning",
        applies: isVersionExpected,
        run: async (target) =>
          expectVersion(await meshedPods(target), target.expectedVersion ?? ""),
      },
      {
        description: "data plane and cli versions match",
        anchor: "l5d-data-plane-cli-version",
        severity: "warning",
        run: async (target) => expectVersion(await meshedPods(target), target.version),
      },
      ...MARKS,
    ],
  },
];

const EXPIRES = "control_identity_cert_expiration_timestamp_seconds";
