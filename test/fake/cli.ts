/** A terminal, a clock and a cluster for commands under test. */

import type { Cluster, Context } from "../../cli/context.ts";
import { runProgram } from "../../cli/program.ts";
import type { KubeClient } from "../../lib/k8s/client.ts";
import { KubeError } from "../../lib/k8s/kube-error.ts";
import { type Resource, resourcePath } from "../../lib/k8s/resource.ts";
import type { KubeObject } from "../../lib/k8s/types/meta.ts";

/** What a command line did. */
export type Outcome = { readonly status: number; readonly out: string; readonly err: string };

/** What the fake world holds. */
export type World = {
  readonly stdin?: string;
  readonly client?: KubeClient;
  readonly forward?: Cluster["forward"];
  /** Milliseconds since 1970 at the start; each sleep moves on. */
  readonly wall?: number;
  /** Told of what a terminal would show meanwhile. */
  readonly onProgress?: (text: string) => void;
  readonly onSleep?: (ms: number) => void | Promise<void>;
};

/** Runs a command line to its end, without a process. */
export async function runCommand(words: readonly string[], world: World = {}): Promise<Outcome> {
  let out = "";
  let err = "";
  let passed = 0;
  const context: Context = {
    version: "1.2.3",
    terminal: {
      write: (text) => {
        out += text;
      },
      warn: (text) => {
        err += text;
      },
      stdin: () => Promise.resolve(world.stdin ?? ""),
      colours: false,
      progress: (text) => world.onProgress?.(text),
    },
    connect: () =>
      world.client === undefined
        ? Promise.reject(new Error("Cannot find a cluster: there is none in this test"))
        : Promise.resolve({
            client: world.client,
            namespace: "default",
            forward: world.forward ?? (() => Promise.reject(new Error("Cannot reach the pod"))),
          }),
    now: () => passed,
    wall: () => (world.wall ?? 0) + passed,
    sleep: (ms) => {
      passed += ms;
      return Promise.resolve(world.onSleep?.(ms));
    },
    linkerdNamespace: "linkerd",
  };
  const status = await runProgram(words, context);
  return { status, out, err };
}

/** A cluster of these objects and these texts by path; it refuses to write. */
export function fakeCluster(
  objects: readonly KubeObject[],
  texts: Readonly<Record<string, string | (() => string)>> = {},
): KubeClient {
  const of = (resource: Resource): KubeObject[] =>
    objects.filter(({ kind }) => kind === resource.kind);
  const refuse = (): never => {
    throw new Error("Cannot write: the command was to read only");
  };
  return {
    list: (resource, options = {}) => {
      const wanted = (options.labelSelector ?? "").split(",").filter((term) => term !== "");
      const items = of(resource).filter(({ metadata }) => {
        const labels: Record<string, string> = metadata?.labels ?? {};
        const here = options.namespace === undefined || metadata?.namespace === options.namespace;
        return here && wanted.every((term) => matches(term, labels));
      });
      return Promise.resolve({ items: items as never[] });
    },
    get: (resource, { name, namespace }) =>
      Promise.resolve(
        of(resource).find(
          ({ metadata }) => metadata?.name === name && metadata.namespace === namespace,
        ) as never,
      ),
    create: refuse,
    replace: refuse,
    patch: refuse,
    delete: refuse,
    watch: refuse,
    text: (path) => {
      const found = texts[path];
      if (found !== undefined) return Promise.resolve(typeof found === "string" ? found : found());
      return Promise.reject(
        new KubeError("not-found", { status: 404, message: `Cannot get ${path}: not found` }),
      );
    },
  };
}

function matches(term: string, labels: Readonly<Record<string, string>>): boolean {
  const [key = "", value] = term.split("=", 2);
  return value === undefined ? labels[key] !== undefined : labels[key] === value;
}

/** The path of a pod's metrics through the API server. */
export function metricsPath(namespace: string, pod: string): string {
  const resource = { group: "", version: "v1", plural: "pods", kind: "Pod", namespaced: true };
  return `${resourcePath(resource, { namespace })}/${pod}:4191/proxy/metrics`;
}
