import { expect, test } from "bun:test";
import type { KubeClient } from "#lib/k8s/client.ts";
import type { Informer } from "#lib/k8s/informer.ts";
import type { Namespace, Pod } from "#lib/k8s/types/core.ts";
import { judgePod, meshedNamespaces, NodePods } from "./pods.ts";

function pod(
  name: string,
  containers: readonly string[],
  metadata: Pod["metadata"] = {},
): Pod & { metadata: object } {
  const [first = "app", ...rest] = containers;
  return {
    metadata: { namespace: "emojivoto", name, uid: `uid-${name}`, ...metadata },
    spec: {
      containers: [{ name: first }],
      initContainers: rest.map((each) => ({ name: each })),
    },
  };
}
const MESHED = pod("web", ["app", "linkerd-proxy"]);
const ANNOTATED: Namespace = {
  metadata: {
    name: "emojivoto",
    annotations: { "config.linkerd.io/skip-outbound-ports": "25", "linkerd.io/inject": "enabled" },
  },
};

test("judgePod() takes a proxy in either list of containers, and its namespace's annotations", () => {
  expect(judgePod(pod("a", ["app"]), undefined)).toEqual({
    type: "unmeshed",
    why: "it has no linkerd-proxy",
  });
  expect(judgePod(pod("a", ["app", "linkerd-proxy", "linkerd-init"]), undefined)).toEqual({
    type: "unmeshed",
    why: "it has linkerd-init",
  });
  expect(judgePod(MESHED, ANNOTATED)).toMatchObject({
    type: "meshed",
    plan: { skipOutbound: ["4567", "4568", "25"] },
  });
  const labels = { "linkerd.io/control-plane-component": "identity" };
  expect(judgePod(pod("a", ["linkerd-proxy"], { labels }), undefined)).toMatchObject({
    plan: { skipOutbound: ["4567", "4568", "443", "6443"] },
  });
  const apart = { ...MESHED, spec: { containers: [{ name: "linkerd-proxy" }], hostUsers: false } };
  expect(judgePod(apart, undefined)).toMatchObject({ plan: { hostUsers: false } });
});

test("judgePod() says what is wrong with annotations, with a code of its own", () => {
  const annotations = { "config.linkerd.io/skip-outbound-ports": "smtp" };
  expect(() => judgePod(pod("a", ["linkerd-proxy"], { annotations }), undefined)).toThrow(
    expect.objectContaining({ code: 100, message: expect.stringContaining("smtp") as string }),
  );
});

test("meshedNamespaces() names what is injected, what runs, and the control plane", () => {
  const namespaces: Namespace[] = [
    ANNOTATED,
    { metadata: { name: "plain", annotations: { "linkerd.io/inject": "disabled" } } },
    { metadata: { name: "linkerd", labels: { "linkerd.io/is-control-plane": "true" } } },
    { metadata: { name: "edge", annotations: { "linkerd.io/inject": "ingress" } } },
  ];
  const pods = [
    pod("a", ["linkerd-proxy"], { namespace: "single" }),
    pod("b", ["app"], { namespace: "plain" }),
  ];
  expect(meshedNamespaces(namespaces, pods)).toBe("edge\nemojivoto\nlinkerd\nsingle");
});

function informer<T>(objects: readonly T[]): Informer<T> {
  const named = objects as readonly { readonly metadata?: { readonly name?: string } }[];
  return {
    synced: Promise.resolve(),
    degraded: false,
    get: ({ name }) => objects[named.findIndex(({ metadata }) => metadata?.name === name)],
    list: () => objects,
    subscribe: () => () => undefined,
    stop: () => undefined,
  };
}

/** Node's pods over what the informers know and what a GET would find. */
function nodePods(known: readonly Pod[], there: Pod | Error | undefined): [NodePods, string[]] {
  const asked: string[] = [];
  const get = ({ kind }: { readonly kind: string }): Promise<unknown> => {
    asked.push(kind);
    if (there instanceof Error) return Promise.reject(there);
    return Promise.resolve(kind === "Pod" ? there : undefined);
  };
  const client = { get } as unknown as KubeClient;
  const pods = new NodePods({ client, pods: informer(known), namespaces: informer([ANNOTATED]) });
  return [pods, asked];
}
const NAME = { namespace: "emojivoto", name: "web", uid: "uid-web" };

test("NodePods answers from the informer, without a request", async () => {
  const [pods, asked] = nodePods([MESHED], undefined);
  expect(pods.ready).toBe(false);
  await pods.sync();
  expect(pods.ready).toBe(true);
  expect((await pods.judge(NAME)).type).toBe("meshed");
  expect(asked).toEqual([]);
});

test("NodePods asks once for what it does not know, and for what took another's place", async () => {
  for (const known of [[], [pod("web", ["app"], { uid: "uid-earlier" })]]) {
    const [pods, asked] = nodePods(known, MESHED);
    expect((await pods.judge(NAME)).type).toBe("meshed");
    expect(asked).toEqual(["Pod"]);
  }
  const [pods] = nodePods([], pod("web", ["app"], { uid: "uid-earlier" }));
  expect(await pods.judge(NAME).catch((error: unknown) => error)).toMatchObject({ code: 11 });
});

test("NodePods takes the mirror of a static pod, and any where no uid is known", async () => {
  const mirror = pod("web", ["app"], { annotations: { "kubernetes.io/config.mirror": "hash" } });
  const [pods] = nodePods([mirror], undefined);
  expect((await pods.judge({ ...NAME, uid: "hash" })).type).toBe("unmeshed");
  expect((await pods.judge({ ...NAME, uid: undefined })).type).toBe("unmeshed");
});

test("NodePods blocks where the API cannot be asked, but never kube-system", async () => {
  const [pods] = nodePods([], new Error("Cannot reach the API server"));
  expect(String(await pods.judge(NAME).catch(String))).toContain("Cannot reach");
  expect((await pods.judge({ ...NAME, namespace: "kube-system" })).type).toBe("unmeshed");
});
