/** A Kubernetes API server in memory. */

import { generateKeyPairSync } from "node:crypto";
import { serveSimple } from "#lib/http-io/simple.ts";
import type { KubeClient } from "#lib/k8s/client.ts";
import type { Logger } from "#lib/log/logger.ts";
import type { FaultObserver, TcpStream } from "#lib/net/tcp-stream.ts";
import { acceptTls, type TlsCredentials } from "#lib/net/tls.ts";
import type { Clock } from "#lib/time/clock.ts";
import { createAdmission } from "./admission.ts";
import { notFound } from "./api-error.ts";
import { bootstrapObjects } from "./bootstrap.ts";
import { Catalog } from "./catalog.ts";
import { dispatch } from "./dispatch.ts";
import { Faults } from "./faults.ts";
import { groupVersion } from "./kinds.ts";
import { createLocalClient } from "./local-client.ts";
import type { NodeApi } from "./node-api.ts";
import { Registry } from "./registry.ts";
import { answerReview } from "./reviews.ts";
import type { Served } from "./served.ts";
import { firstAddress } from "./service-addresses.ts";
import { Store } from "./store.ts";
import { createTokenIssuer } from "./tokens.ts";
import { LOOPBACK_USER, type User } from "./user.ts";
import { createWebhookPost, type DialService } from "./webhook-call.ts";
import { createWebhooks } from "./webhooks.ts";

/** What a server is made of. */
export interface KubeApiOptions {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly onFault: FaultObserver;
  /** A new UUID each time. */
  readonly uid: () => string;
  /** 0 to 1. */
  readonly random: () => number;
  /** Networks of Services, one for each family of the cluster, the primary one first; its first address is the `kubernetes` Service's. */
  readonly serviceCidrs: readonly string[];
  readonly tls: TlsCredentials;
  /** Users by their bearer tokens. */
  readonly tokens: ReadonlyMap<string, User>;
  /** Reaches the Services of webhooks. */
  readonly dialService: DialService;
  /** `iss` of ServiceAccount tokens. */
  readonly issuer?: string;
  /** `host:port` that discovery names. */
  readonly address?: string;
  /** Changes kept for watches that resume. */
  readonly historyLimit?: number;
}

/** A running server. Give it connections of as many listeners as needed. */
export interface KubeApi {
  /** Serves a connection that was just accepted: TLS, then HTTP/1.1 or HTTP/2. */
  handle(stream: TcpStream): void;
  /** A client in the same process that may do everything. */
  readonly client: KubeClient;
  readonly faults: Faults;
  readonly store: Store;
  /** A token as TokenRequest gives it. Throws an ApiError where there is no such account. */
  issueToken(request: {
    readonly namespace: string;
    readonly serviceAccount: string;
    readonly audiences?: readonly string[];
    readonly seconds?: number;
    readonly pod?: { readonly name: string; readonly uid: string };
  }): string;
  /** What a kubelet does when a pod's processes have ended: deletes it without grace. No such pod is success. */
  removePod(pod: { readonly namespace: string; readonly name: string }): Promise<void>;
  /** Who runs pods: logs and sessions go there. */
  setNode(node: NodeApi): void;
  /** Ends all watches; listeners are their owner's. */
  stop(): void;
}

/** Creates a server that holds what a new cluster holds. */
export async function createKubeApi(options: KubeApiOptions): Promise<KubeApi> {
  const { clock, logger, uid } = options;
  const store = new Store(options.historyLimit);
  const catalog = new Catalog(store);
  const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const issuer = createTokenIssuer(
    privateKey,
    options.issuer ?? "https://kubernetes.default.svc.cluster.local",
  );
  const wall = (): number => clock.wall();
  const authority = { store, issuer, staticTokens: options.tokens, wall };
  const webhooks = createWebhooks({ store, uid, post: createWebhookPost(options) });
  const suffix = (): string =>
    Math.floor(options.random() * 36 ** 5)
      .toString(36)
      .padStart(5, "x");
  const admission = createAdmission({
    store,
    catalog,
    webhooks,
    serviceCidrs: options.serviceCidrs,
    suffix,
    wall,
  });
  const registry = new Registry({ store, clock, uid, random: options.random, admission });
  let node: NodeApi | undefined;
  const served: Served = {
    registry,
    catalog,
    authority,
    faults: new Faults(),
    clock,
    logger: logger.target("kube-api"),
    uid,
    node: () => node,
    address: options.address ?? "127.0.0.1:443",
    watches: new Set(),
  };
  await bootstrap(registry, catalog, firstAddress(options.serviceCidrs[0] ?? ""));
  const client = createLocalClient({
    registry,
    catalog,
    clock,
    text: async (path) => {
      throw notFound({ group: "", plural: "paths" }, path);
    },
    review: (resource, object) =>
      answerReview(authority, {
        resource,
        object,
        user: LOOPBACK_USER,
        namespace: object.metadata.namespace ?? "",
      }),
  });
  return {
    client,
    store,
    faults: served.faults,
    handle: (stream) => accept(served, options, stream),
    issueToken: ({ namespace, serviceAccount, audiences = [], seconds = 3600, pod }) => {
      const account = store.get({ table: "serviceaccounts", namespace, name: serviceAccount });
      if (account === undefined)
        throw notFound({ group: "", plural: "serviceaccounts" }, serviceAccount);
      const subject = {
        namespace,
        name: serviceAccount,
        uid: account.metadata.uid ?? "",
        ...(pod && { pod }),
      };
      return issuer.issue(subject, { audiences, wallMs: clock.wall(), seconds, id: uid() });
    },
    removePod: (pod) => removePod(served, pod),
    setNode: (given) => {
      node = given;
    },
    stop: () => {
      for (const end of [...served.watches]) end();
    },
  };
}

async function removePod(
  { catalog, registry }: Served,
  pod: { readonly namespace: string; readonly name: string },
): Promise<void> {
  const resource = catalog.find({ group: "", version: "v1", plural: "pods" });
  if (resource === undefined || registry.find(resource, pod.name, pod.namespace) === undefined)
    return;
  await registry.delete(resource, pod, { user: LOOPBACK_USER, gracePeriodSeconds: 0 });
}

async function bootstrap(registry: Registry, catalog: Catalog, serviceIp: string): Promise<void> {
  for (const object of bootstrapObjects({ serviceIp })) {
    const resource = catalog
      .all()
      .find((kind) => kind.kind === object.kind && groupVersion(kind) === object.apiVersion);
    const namespace = object.metadata.namespace ?? "";
    if (resource !== undefined)
      await registry.create(resource, object, {
        user: LOOPBACK_USER,
        namespace,
        fieldManager: "kube-apiserver",
      });
  }
}

function accept(served: Served, options: KubeApiOptions, stream: TcpStream): void {
  const { logger, clock } = served;
  const { tls: credentials, onFault } = options;
  const failed = (error: Error | undefined): void =>
    logger.debug("Cannot accept connection", { error: error?.message });
  const start = (initial: Uint8Array): void =>
    acceptTls(
      stream,
      { initial, credentials, alpn: ["h2", "http/1.1"], onFault, clock },
      {
        onSession: (session) => {
          const protocol = session.alpn === "h2" ? "HTTP/2" : "HTTP/1.1";
          serveSimple(session.stream, { protocol, now: () => clock.now(), clock }, (request) => {
            dispatch(served, request).catch((error: unknown) =>
              logger.error("Cannot answer request", { error: String(error) }),
            );
          });
        },
        onFailed: failed,
      },
    );
  stream.handler = {
    onData: (chunk) => start(new Uint8Array(chunk)),
    onEnd: () => stream.destroy(),
    onDrain: () => undefined,
    onClose: failed,
  };
}
