/** The roles destination and identity in this process, over the Kubernetes API in memory, with our proxy's own clients. */

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { Cidr } from "#lib/addr/cidr.ts";
import {
  ENDPOINT_SLICES,
  NAMESPACES,
  PODS,
  SERVICE_ACCOUNTS,
  SERVICES,
} from "#lib/k8s/resource.ts";
import type { Pod } from "#lib/k8s/types/core.ts";
import { Registry } from "#lib/metrics/registry.ts";
import { systemClock } from "#lib/sys/system-clock.ts";
import type { Clock } from "#lib/time/clock.ts";
import {
  type DestinationArgs,
  type DestinationRole,
  startDestination,
} from "../../controller/roles/destination.ts";
import { type IdentityRole, startIdentity } from "../../controller/roles/identity.ts";
import type { Surroundings } from "../../controller/runtime/role.ts";
import { renderCrds } from "../../deploy/crds/render.ts";
import { applyAll } from "../../dev/apply.ts";
import { ControlChannel } from "../../proxy/control/channel.ts";
import { ControlDiscovery } from "../../proxy/control/discovery.ts";
import { ENDLESS } from "../../proxy/control/stream-limits.ts";
import { ControlMetrics } from "../../proxy/telemetry/control-metrics.ts";
import { FakeAuthority } from "./authority.ts";
import { FakeKubeApi, logger } from "./kube-api.ts";
import { fakePod } from "./web-cluster.ts";

const ANY_PORT = { ip: "127.0.0.1", port: 0 };
const COMMON = { addr: ANY_PORT, adminAddr: ANY_PORT, controllerNamespace: "linkerd" };

/** A control plane that serves a namespace `shop` with a Service `web`. */
export class FakeControllers {
  readonly kube: FakeKubeApi;
  /** What the roles were started with, for more of them. */
  readonly around: Surroundings;
  readonly destinationArgs: DestinationArgs = {
    ...COMMON,
    policyAddr: ANY_PORT,
    trustDomain: "cluster.local",
    clusterDomain: "cluster.local",
    opaquePorts: "25",
    h2Upgrade: true,
    transportHeader: true,
    defaultPolicy: "all-unauthenticated",
    clusterNetworks: ["10.0.0.0/8"],
    probeNetworks: ["0.0.0.0/0"],
    globalEgressNamespace: "linkerd-egress",
    ipv6: true,
    admission: undefined,
  };
  readonly authority: FakeAuthority = new FakeAuthority("root.linkerd.cluster.local");
  readonly destination: DestinationRole;
  readonly identity: IdentityRole;
  readonly dir: string = mkdtempSync(`${tmpdir()}/controllers-`);
  readonly faults: Error[] = [];
  /** How much of their memory the roles use: 0 to 1. */
  memoryShare = 0;
  readonly #channels: ControlChannel[] = [];

  private constructor(kube: FakeKubeApi, clock: Clock) {
    this.kube = kube;
    this.around = {
      client: kube.admin,
      clock,
      random: Math.random,
      memoryShare: () => this.memoryShare,
      log: logger,
      onFault: (error) => this.faults.push(error),
    };
    this.destination = startDestination(this.destinationArgs, this.around);
    this.identity = startIdentity(
      {
        ...COMMON,
        trustDomain: "cluster.local",
        issuanceLifetimeMs: 60_000,
        clockSkewMs: 20_000,
        scheme: "linkerd.io/tls",
        issuerDir: this.dir,
        anchorsFile: `${this.dir}/ca-bundle.crt`,
      },
      this.around,
    );
  }

  /** Starts both roles, which live by this clock. */
  static async start(clock: Clock = systemClock): Promise<FakeControllers> {
    const kube = await FakeKubeApi.start();
    const { admin } = kube;
    // Leases of the control plane are in its namespace.
    await admin.create(NAMESPACES, { metadata: { name: "linkerd" } });
    await applyAll(admin, renderCrds("linkerd"));
    await admin.create(SERVICE_ACCOUNTS, { metadata: { name: "web", namespace: "mesh" } });
    await admin.create(SERVICES, {
      metadata: { name: "web", namespace: "mesh" },
      spec: { clusterIP: "10.96.0.77", ports: [{ name: "http", port: 80, targetPort: 8080 }] },
    });
    const controllers = new FakeControllers(kube, clock);
    await controllers.destination.ready;
    return controllers;
  }

  /** Puts the issuer's files in place. */
  giveIssuer(authority: FakeAuthority = this.authority): void {
    const { keyPem, chainPem } = authority.issuer;
    writeFileSync(`${this.dir}/ca-bundle.crt`, authority.anchorsPem);
    writeFileSync(`${this.dir}/crt.pem`, chainPem);
    writeFileSync(`${this.dir}/key.pem`, keyPem);
  }

  /** Creates a meshed pod with an address. */
  async addPod(name: string, ip: string, annotations: Record<string, string> = {}): Promise<Pod> {
    const { metadata, spec, status } = fakePod(name, ip);
    const labels = metadata?.labels ?? {};
    const pod: Pod = {
      metadata: { name, namespace: "mesh", labels, annotations },
      spec: {
        ...spec,
        containers: (spec?.containers ?? []).map((each) => ({ ...each, image: "app" })),
      },
    };
    await this.kube.admin.create(PODS, pod);
    await this.kube.admin.patch(
      PODS,
      { name, namespace: "mesh" },
      { type: "merge", subresource: "status", body: { status } },
    );
    return pod;
  }

  /** Sets the addresses behind `web`, each of a pod of the given name. */
  async setEndpoints(addresses: Readonly<Record<string, string>>): Promise<void> {
    const { admin } = this.kube;
    const name = { name: "web-1", namespace: "mesh" };
    const slice = {
      addressType: "IPv4",
      ports: [{ name: "http", port: 8080, protocol: "TCP" }],
      endpoints: Object.entries(addresses).map(([pod, ip]) => ({
        addresses: [ip],
        conditions: { ready: true },
        ...(!pod.startsWith("lone") && {
          targetRef: { kind: "Pod", name: pod, namespace: "mesh" },
        }),
      })),
    };
    const known = await admin.get(ENDPOINT_SLICES, name);
    const labels = { "kubernetes.io/service-name": "web" };
    await (known === undefined
      ? admin.create(ENDPOINT_SLICES, { metadata: { ...name, labels }, ...slice })
      : admin.replace(ENDPOINT_SLICES, { ...known, ...slice }));
  }

  /** A token of the ServiceAccount `web` for an audience. */
  async token(audience: string): Promise<string> {
    const path = "/api/v1/namespaces/mesh/serviceaccounts/web/token";
    const body = JSON.stringify({
      apiVersion: "authentication.k8s.io/v1",
      kind: "TokenRequest",
      spec: { audiences: [audience], expirationSeconds: 3600 },
    });
    const headers = { "content-type": "application/json" };
    const answer = await this.kube.ask(path, { method: "POST", body, headers });
    const { status } = (await answer.json()) as { status: { token: string } };
    return status.token;
  }

  /** One of our proxy's channels to a port of a role. */
  channel(port: number): ControlChannel {
    const channel = new ControlChannel({
      series: new ControlMetrics(new Registry()).of("destination", {}),
      addr: { host: "127.0.0.1", port, name: undefined },
      clock: systemClock,
      random: Math.random,
      log: logger,
      failfastMs: 3000,
      connectTimeoutMs: 1000,
      backoff: { minMs: 10, maxMs: 100, jitter: 0 },
      limits: ENDLESS,
      resolve: async (host) => [host],
      credentials: () => undefined,
    });
    this.#channels.push(channel);
    return channel;
  }

  /** Our proxy's discovery, as the pod of the given name; from a port of another role where one is named. */
  discovery(pod: string, port: number = this.destination.port): ControlDiscovery {
    return new ControlDiscovery({
      destination: this.channel(port),
      policy: this.channel(this.destination.policyPort),
      context: JSON.stringify({ ns: "mesh", nodeName: "node-1", pod }),
      workload: JSON.stringify({ ns: "mesh", pod }),
      detectTimeoutMs: 1000,
      profileNetworks: [Cidr.parse("10.0.0.0/8")].flatMap((network) => network ?? []),
      profileSuffixes: [],
      ingress: false,
      httpQueue: { queueCapacity: 100, failfastMs: 3000 },
      tcpQueue: { queueCapacity: 100, failfastMs: 3000 },
    });
  }

  async stop(): Promise<void> {
    for (const channel of this.#channels) channel.drain();
    await Promise.all([this.destination.stop(), this.identity.stop()]);
    this.kube.stop();
    rmSync(this.dir, { recursive: true, force: true });
  }
}
