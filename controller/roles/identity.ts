/** The role `identity`: signs certificates of workloads whose tokens Kubernetes confirms, and says whom to trust. */

import { getRandomValues } from "node:crypto";
import { readFile } from "node:fs/promises";
import { createEventWriter } from "#lib/k8s/events.ts";
import { Registry } from "#lib/metrics/registry.ts";
import { createCertifyHandler } from "../api/identity.ts";
import { TrustWatchers } from "../api/trust.ts";
import { signWorkload } from "../identity/authority.ts";
import { IssuerStore } from "../identity/issuer-store.ts";
import { createKubeTokenReviewer } from "../identity/kube-token-reviewer.ts";
import { createTelling, IDENTITY } from "../identity/telling.ts";
import { serveAdmin } from "../runtime/admin.ts";
import { CallGate } from "../runtime/call-gate.ts";
import { GrpcMetrics } from "../runtime/grpc-metrics.ts";
import { type GrpcServer, serveGrpc } from "../runtime/grpc-server.ts";
import type { RoleArgs, RunningRole, Surroundings } from "../runtime/role.ts";

/** The identity controller. */
export type IdentityArgs = RoleArgs & {
  readonly issuanceLifetimeMs: number;
  readonly clockSkewMs: number;
  /** Names the issuer's files: `crt.pem` and `key.pem`, or `tls.crt` and `tls.key`. */
  readonly scheme: "linkerd.io/tls" | "kubernetes.io/tls";
  readonly issuerDir: string;
  readonly anchorsFile: string;
};

/** The role, with the port of the Identity API. */
export interface IdentityRole extends RunningRole {
  readonly port: number;
}

const FILES = {
  "linkerd.io/tls": { key: "key.pem", chain: "crt.pem" },
  "kubernetes.io/tls": { key: "tls.key", chain: "tls.crt" },
} as const;

/** RFC 5280 §4.1.2.2: at most 20 bytes, positive. */
const SERIAL_BYTES = 16;
const MS_PER_SECOND = 1000;

/** Serves at once, and signs when the issuer was read: until then callers get UNAVAILABLE. */
export function startIdentity(args: IdentityArgs, around: Surroundings): IdentityRole {
  const registry = new Registry();
  const log = around.log.target("linkerd_identity");
  const { key, chain } = FILES[args.scheme];
  const watchers = new TrustWatchers(registry);
  const events = createEventWriter({ ...around, log, component: IDENTITY });
  const telling = createTelling({
    events,
    client: around.client,
    namespace: args.controllerNamespace,
  });
  const store = new IssuerStore({
    paths: {
      keyFile: `${args.issuerDir}/${key}`,
      chainFile: `${args.issuerDir}/${chain}`,
      anchorsFile: args.anchorsFile,
    },
    readText: (path) => readFile(path, "utf8"),
    clock: around.clock,
    log,
    tell: telling.ofIssuer,
    onTrusted: (bundle) => watchers.publish(bundle),
  });
  const ttl = registry
    .gauge("issuer_cert_ttl_seconds", "Seconds until the chain of the issuer expires.")
    .with();
  let isReady = false;
  const admin = serveAdmin(args.adminAddr, {
    registry,
    now: () => around.clock.now(),
    isReady: () => isReady,
    measure: () =>
      ttl.set(((store.expiresMs ?? around.clock.wall()) - around.clock.wall()) / MS_PER_SECOND),
  });
  const server = serve(args, { around, store, registry, watchers, onIssued: telling.ofLeaf });
  const looking = store.start();
  const ready = Promise.all([looking, store.loaded]).then(() => {
    isReady = true;
    log.info("Serving identities");
  });
  return {
    ready,
    adminPort: admin.port,
    port: server.port,
    stop: async () => {
      isReady = false;
      events.stop();
      store.stop();
      await server.stop();
      admin.stop();
    },
  };
}

function serve(
  args: IdentityArgs,
  from: {
    readonly around: Surroundings;
    readonly store: IssuerStore;
    readonly registry: Registry;
    readonly watchers: TrustWatchers;
    readonly onIssued: (identity: string) => void;
  },
): GrpcServer {
  const { around, store, registry, watchers, onIssued } = from;
  const { client, clock, log, memoryShare, onFault } = around;
  const domain = {
    controlPlaneNamespace: args.controllerNamespace,
    trustDomain: args.trustDomain,
  };
  const certify = createCertifyHandler({
    reviewer: createKubeTokenReviewer(client),
    sign: (identity, request) =>
      signWorkload(identity, request, {
        issuer: store.require(),
        domain,
        lifetimeMs: args.issuanceLifetimeMs,
        skewMs: args.clockSkewMs,
        nowMs: clock.wall(),
        serial: getRandomValues(new Uint8Array(SERIAL_BYTES)),
      }),
    onAnswered: (identity, refusal) => {
      if (refusal === undefined) {
        log.info("Certificate issued", { reason: "IssuedLeafCertificate", identity });
        onIssued(identity);
      } else
        log.warn("Certificate refused", {
          identity,
          code: refusal.code,
          error: refusal.message,
        });
    },
  });
  return serveGrpc({
    addr: args.addr,
    methods: new Map([
      ["/io.linkerd.proxy.identity.Identity/Certify", certify],
      ["/bunkerd.identity.v1.Trust/Watch", watchers.watch],
    ]),
    metrics: new GrpcMetrics(registry),
    gate: new CallGate({ registry, now: () => clock.now(), memoryShare }),
    clock,
    onFault,
  });
}
