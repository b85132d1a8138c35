/** What the long cases work on: shops of several kinds, and a caller in the mesh from which load is made. */

/** The namespace of all of it. */
export const NAMESPACE = "shop";
/**
 * `web` has native sidecars and `classic` classic ones; `slow` manages 200 requests a second; of the four endpoints of
 * `mixed` one fails a share, and all of those of `failing`.
 */
export const SHOPS = ["web", "classic", "slow", "mixed", "failing"] as const;
export type Shop = (typeof SHOPS)[number];
/** What those that fail do. */
export const FAILING_SHARE = 0.3;
/** Where a shop says what it has counted: no proxy is on the way there. */
export const COUNT_PORT = 9999;
/** What `slow` manages, in requests a second. */
export const SLOW_RATE = 200;

const IMAGES = { shop: "shop/shop", idle: "shop/idle" } as const;

type Deployed = {
  readonly name: string;
  /** The Service that it is of; its own unless said. */
  readonly app?: string;
  readonly image: string;
  readonly replicas: number;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly env?: Readonly<Record<string, string>>;
  readonly serves: boolean;
};

function deployment(how: Deployed): object {
  const { name, image, replicas, env = {}, serves } = how;
  const annotations = {
    "config.linkerd.io/skip-inbound-ports": String(COUNT_PORT),
    ...how.annotations,
  };
  const labels = { app: how.app ?? name, instance: name };
  const container = {
    name: "app",
    image: `${image}:1`,
    env: Object.entries(env).map(([key, value]) => ({ name: key, value })),
    securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ["ALL"] } },
    ...(serves && {
      ports: [{ name: "http", containerPort: 8080 }],
      readinessProbe: { httpGet: { path: "/ready", port: "http" }, periodSeconds: 1 },
    }),
  };
  return {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name, namespace: NAMESPACE },
    spec: {
      replicas,
      selector: { matchLabels: { instance: name } },
      template: {
        metadata: { labels, annotations },
        spec: { securityContext: { runAsUser: 1000 }, containers: [container] },
      },
    },
  };
}

const service = (name: string): object => ({
  apiVersion: "v1",
  kind: "Service",
  metadata: { name, namespace: NAMESPACE },
  spec: { selector: { app: name }, ports: [{ name: "http", port: 80, targetPort: "http" }] },
});

/** All of it, in the order in which it is applied. `root` is the repository. */
export function workloads(root: string): object[] {
  const images = `${IMAGES.shop}=${root}/test/faults/long/apps/shop.js ${IMAGES.idle}=${root}/test/demo/apps/idle.js`;
  const annotations = { "linkerd.io/inject": "enabled", "dev.bunkerd.io/images": images };
  const classic = { "config.linkerd.io/proxy-enable-native-sidecar": "false" };
  const fail = { FAIL: String(FAILING_SHARE) };
  const shop = { image: IMAGES.shop, serves: true };
  return [
    { apiVersion: "v1", kind: "Namespace", metadata: { name: NAMESPACE, annotations } },
    deployment({ ...shop, name: "web", replicas: 2 }),
    deployment({ ...shop, name: "classic", replicas: 2, annotations: classic }),
    deployment({ ...shop, name: "slow", replicas: 1, env: { RATE: String(SLOW_RATE) } }),
    deployment({ ...shop, name: "good", app: "mixed", replicas: 3 }),
    deployment({ ...shop, name: "bad", app: "mixed", replicas: 1, env: fail }),
    deployment({ ...shop, name: "failing", replicas: 4, env: fail }),
    deployment({ name: "client", image: IMAGES.idle, replicas: 1, serves: false }),
    ...SHOPS.map(service),
  ];
}
