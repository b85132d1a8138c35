/** Kubernetes itself: does it answer, is it new enough. */

import { type Category, expectThat, type Target } from "./check.ts";

/** The oldest Kubernetes that the mesh runs on. */
const OLDEST = [1, 31, 0] as const;

/** Categories kubernetes-api and kubernetes-version. */
export const KUBERNETES: readonly Category[] = [
  {
    name: "kubernetes-api",
    checks: [
      {
        description: "can initialize the client",
        anchor: "k8s-api",
        severity: "fatal",
        // Whoever has a target has a client: reading the kubeconfig comes before all checks.
        run: () => Promise.resolve(),
      },
      {
        description: "can query the Kubernetes API",
        anchor: "k8s-api",
        severity: "fatal",
        run: async (target) => void (await readVersion(target)),
      },
    ],
  },
  {
    name: "kubernetes-version",
    checks: [
      {
        description: "is running the minimum Kubernetes API version",
        anchor: "k8s-version",
        run: async (target) => {
          const version = await readVersion(target);
          expectThat(
            isAtLeast(version, OLDEST),
            `Kubernetes is on version [${version.join(".")}], but version [${OLDEST.join(".")}] or more recent is required`,
          );
        },
      },
    ],
  },
];

async function readVersion({ client }: Target): Promise<readonly number[]> {
  const text = await client.text("/version");
  const { gitVersion = "" } = JSON.parse(text) as { readonly gitVersion?: string };
  const [, ...parts] = /^v?(\d+)\.(\d+)\.(\d+)/.exec(gitVersion) ?? [];
  expectThat(parts.length > 0, `Kubernetes says it is version "${gitVersion}", which is none`);
  return parts.map(Number);
}

function isAtLeast(version: readonly number[], oldest: readonly number[]): boolean {
  const at = oldest.findIndex((part, index) => part !== version[index]);
  return at < 0 || (version[at] ?? 0) > (oldest[at] ?? 0);
}
