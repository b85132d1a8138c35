/** Policy objects whose statuses are written: informers, and an API that takes statuses into them. */

import type { KubeClient } from "#lib/k8s/client.ts";
import { KubeError } from "#lib/k8s/kube-error.ts";
import type { Leadership } from "#lib/k8s/lease-elector.ts";
import type { Resource } from "#lib/k8s/resource.ts";
import type { CustomObject } from "#lib/k8s/types/custom.ts";
import type { KubeObject, ObjectMeta } from "#lib/k8s/types/meta.ts";
import { Registry } from "#lib/metrics/registry.ts";
import type { KeptNames, KeptService } from "../../controller/index/kept-objects.ts";
import { type StatusEvent, statusMetrics } from "../../controller/status/metrics.ts";
import { type StatusInformers, StatusObjects } from "../../controller/status/objects.ts";
import { type Kind, RESOURCES } from "../../controller/status/read.ts";
import { StatusWriter } from "../../controller/status/writer.ts";
import { FakeClock } from "./clock.ts";
import { FakeInformer } from "./informer.ts";
import { RecordedLog } from "./recorded-log.ts";

type Informers = Readonly<Record<Kind | "servers", FakeInformer<CustomObject>>> & {
  readonly services: FakeInformer<KeptService>;
  readonly namespaces: FakeInformer<KeptNames>;
};

/** A write that reached the API. */
export type Written = { readonly name: string; readonly atMs: number };

/** Everything is in the namespace `shop` unless it is said. */
export class StatusWorld {
  readonly clock: FakeClock = new FakeClock();
  readonly from: Informers = {
    linkerdHttpRoutes: new FakeInformer(),
    httpRoutes: new FakeInformer(),
    grpcRoutes: new FakeInformer(),
    tlsRoutes: new FakeInformer(),
    tcpRoutes: new FakeInformer(),
    rateLimits: new FakeInformer(),
    egressNetworks: new FakeInformer(),
    servers: new FakeInformer(),
    services: new FakeInformer(),
    namespaces: new FakeInformer(),
  };
  readonly objects: StatusObjects = new StatusObjects(this.from satisfies StatusInformers, {
    clusterNetworks: ["10.0.0.0/8"],
    opaquePorts: "25",
    domain: { controlPlaneNamespace: "linkerd", trustDomain: "cluster.local" },
  });
  /** Objects that changes have concerned, where no writer listens. */
  readonly concerned: string[] = [];
  readonly written: Written[] = [];
  readonly log: RecordedLog = new RecordedLog();
  /** What a write ends with before the API looks at it. */
  fault: (name: string) => Error | Promise<never> | undefined = () => undefined;
  leads = true;
  readonly #registry = new Registry();
  #version = 0;

  constructor() {
    this.objects.listen((id) => this.concerned.push(id));
  }

  put(kind: Kind | "servers", name: string, spec: object, over: Partial<ObjectMeta> = {}): void {
    const metadata = { name, namespace: "shop", ...over };
    const known = this.from[kind].get(metadata);
    const { generation = 0 } = known?.metadata ?? {};
    this.from[kind].put({
      metadata: {
        ...{ ...metadata, generation: generation + 1, resourceVersion: this.#next() },
        creationTimestamp: "2026-01-01T00:00:00Z",
        ...over,
      },
      spec,
      status: known?.status,
    });
  }

  putService(name: string, spec: object = {}): void {
    const ports = [{ name: "http", port: 80 }];
    this.from.services.put({
      metadata: { name, namespace: "shop", resourceVersion: this.#next() },
      spec: { clusterIP: "10.96.0.1", ports, ...spec },
    });
  }

  /** What others write. */
  setStatus(kind: Kind, name: string, status: unknown): void {
    const known = this.from[kind].get({ name, namespace: "shop" });
    const metadata = { ...known?.metadata, name, namespace: "shop", resourceVersion: this.#next() };
    this.from[kind].put({ ...known, metadata, status });
  }

  status(kind: Kind, name: string): unknown {
    return this.from[kind].get({ name, namespace: "shop" })?.status;
  }

  /** `Accepted True Accepted` of each condition that was written of an object. */
  said(kind: Kind, name: string): readonly string[] {
    const { conditions = [], parents = [] } = (this.status(kind, name) ?? {}) as Readonly<
      Record<"conditions", Conditions> & Record<"parents", { readonly conditions: Conditions }[]>
    >;
    const all = [...conditions, ...parents.flatMap((each) => each.conditions)];
    return all.map(({ type, status, reason }) => `${type} ${status} ${reason}`);
  }

  count(event: StatusEvent): number {
    return this.#registry.counter(`resource_status_${event}_total`, "").with().value;
  }

  /** A writer that leads as long as the world says so. */
  write(): StatusWriter {
    const leads = (): boolean => this.leads;
    const leadership: Leadership = {
      get holds() {
        return leads();
      },
    };
    const writer = new StatusWriter(
      {
        ...{ objects: this.objects, clock: this.clock, random: () => 0, log: this.log.logger },
        client: { get: this.#get, patch: this.#patch },
        metrics: statusMetrics(this.#registry),
      },
      leadership,
    );
    writer.start();
    return writer;
  }

  /** Lets time pass in small steps, and what it causes happen. */
  async pass(ms = 0): Promise<void> {
    for (let left = ms; left >= 0; left -= STEP_MS) {
      this.clock.advance(Math.min(STEP_MS, left));
      for (let turn = 0; turn < TURNS; turn++) await Promise.resolve();
    }
  }

  readonly #get: KubeClient["get"] = async <T extends KubeObject>(
    resource: Resource<T>,
    name: { readonly name: string; readonly namespace?: string | undefined },
  ) => this.from[kindOf(resource)].get(name) as T | undefined;

  readonly #patch: KubeClient["patch"] = async <T extends KubeObject>(
    resource: Resource<T>,
    name: { readonly name: string; readonly namespace?: string | undefined },
    { body }: { readonly body: unknown },
  ) => {
    this.written.push({ name: name.name, atMs: this.clock.now() });
    const fault = this.fault(name.name);
    if (fault instanceof Error) throw fault;
    if (fault !== undefined) return await fault;
    const { metadata, status } = body as CustomObject;
    const kind = kindOf(resource);
    const known = this.from[kind].get(name);
    if (known === undefined) throw new KubeError("not-found", { message: "is not there" });
    if (known.metadata?.resourceVersion !== metadata?.resourceVersion)
      throw new KubeError("conflict", { message: "was changed" });
    this.setStatus(kind, name.name, { ...(known.status as object), ...(status as object) });
    return this.from[kind].get(name) as unknown as T;
  };

  #next(): string {
    this.#version++;
    return String(this.#version);
  }
}

type Conditions = readonly Readonly<Record<"type" | "status" | "reason", string>>[];

const STEP_MS = 10;
/** Promises that follow one another in a step. */
const TURNS = 50;

function kindOf(resource: Resource): Kind {
  const found = Object.entries(RESOURCES).find(
    ([, each]) => each.group === resource.group && each.plural === resource.plural,
  );
  if (found === undefined) throw new Error(`Cannot write ${resource.plural}`);
  return found[0] as Kind;
}

/** A route that is attached to a Service, and leads to others. */
export const routeTo = (parent: string, ...backends: string[]): object => ({
  parentRefs: [{ group: "core", kind: "Service", name: parent, port: 80 }],
  rules: [{ backendRefs: backends.map((name) => ({ name, port: 80 })) }],
});
