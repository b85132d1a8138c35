/** The life of one pod: sandbox, volumes, containers in order, and the end of all of it. */

import { rmSync, writeFileSync } from "node:fs";
import { PODS } from "#lib/k8s/resource.ts";
import type { Container, Pod } from "#lib/k8s/types/core.ts";
import { type Backoff, createBackoff } from "#lib/time/backoff.ts";
import type { Timer } from "#lib/time/clock.ts";
import { type RunningContainer, startContainer } from "./container.ts";
import { execIn } from "./exec.ts";
import { hostPath, type KubeletNode } from "./node.ts";
import { planContainer } from "./plan.ts";
import { type ContainerState, isSidecar, podStatus } from "./pod-status.ts";
import type { ProbeTarget } from "./probe.ts";
import { createSandbox, removeCgroup, type Sandbox } from "./sandbox.ts";
import { StatusWriter } from "./status-writer.ts";
import { Supervised } from "./supervised.ts";
import { prepareVolumes } from "./volumes.ts";

/** Waits between tries to make a sandbox, in milliseconds. */
const SANDBOX_RETRY = { minMs: 250, maxMs: 5_000, jitter: 0, random: (): number => 0 };
/** How often volumes are refreshed, in milliseconds. */
const REFRESH_MS = 20_000;
const GRACE_SECONDS = 30;
const SECOND_MS = 1_000;
/** Sidecars get at least this long after the application has ended, in milliseconds. */
const SIDECAR_GRACE_MS = 2_000;

/** A container as sessions need it. */
export type WorkerContainer = {
  readonly running: RunningContainer | undefined;
  /** Of its last starts, newest first. */
  readonly logs: readonly string[];
};

/** Runs a pod until it has ended or is deleted. */
export class PodWorker {
  readonly #node: KubeletNode;
  readonly #containers = new Map<string, Supervised>();
  readonly #backoff: Backoff = createBackoff(SANDBOX_RETRY);
  readonly #writer: StatusWriter;
  readonly #startTime: string;
  readonly #deleted = Promise.withResolvers<void>();
  /** Settles when everything of the pod is gone. */
  readonly done: Promise<void>;
  #pod: Pod;
  #sandbox: Sandbox | undefined;
  #volumes: ReadonlyMap<string, string> = new Map();
  #refresh: Timer | undefined;
  readonly #logs = new Map<string, string[]>();
  #stopping = false;
  #gone = false;
  #graceMs = 0;

  constructor(node: KubeletNode, pod: Pod) {
    this.#node = node;
    this.#pod = pod;
    this.#startTime = this.#time();
    this.#writer = new StatusWriter(node, pod);
    this.done = this.#live();
    this.update(pod);
  }

  /** The pod as the API has it now. */
  update(pod: Pod): void {
    this.#pod = pod;
    this.#writer.update(pod);
    const { deletionTimestamp, deletionGracePeriodSeconds } = pod.metadata ?? {};
    if (deletionTimestamp === undefined) return;
    this.stop((deletionGracePeriodSeconds ?? GRACE_SECONDS) * SECOND_MS);
  }

  /** Ends the pod; again with a shorter grace period ends it sooner. */
  stop(graceMs: number): void {
    if (this.#stopping && graceMs < this.#graceMs)
      for (const each of this.#containers.values()) each.hasten(graceMs);
    this.#graceMs = this.#stopping ? Math.min(graceMs, this.#graceMs) : graceMs;
    this.#stopping = true;
    this.#deleted.resolve();
  }

  /** The API has it no more: another of its name may be there already. */
  forget(): void {
    this.#gone = true;
    this.stop(0);
  }

  /** Its primary address, once it has one. */
  get ip(): string | undefined {
    return this.#sandbox?.ips[0];
  }

  /** Path of its network namespace, once it has one. */
  get netns(): string | undefined {
    return this.#sandbox?.netns;
  }

  /** A container's process if it runs, and the logs of its last starts, newest first. */
  container(name: string): WorkerContainer | undefined {
    const found = this.#containers.get(name);
    return found && { running: found.running, logs: this.#logs.get(name) ?? [] };
  }

  async #live(): Promise<void> {
    const { name = "", namespace = "" } = this.#pod.metadata ?? {};
    const fault = (what: string) => (error: unknown) => this.#warn(what, error);
    await this.#run().catch(fault("pod failed"));
    this.#refresh?.cancel();
    if (!this.#stopping) await this.#deleted.promise;
    await this.#end().catch(fault("cannot end pod"));
    await this.#writer.close();
    if (this.#gone) return;
    await this.#node.client
      .delete(PODS, { name, namespace }, { gracePeriodSeconds: 0 })
      .catch(fault("cannot delete pod"));
  }

  async #run(): Promise<void> {
    await this.#makeSandbox();
    const { containers = [], restartPolicy = "Always" } = this.#pod.spec ?? {};
    if (this.#sandbox !== undefined && (await this.#initialize())) {
      const policy = RESTARTS[restartPolicy] ?? "always";
      const all: Promise<void>[] = [];
      for (const spec of containers) {
        if (this.#stopping) break;
        const started = this.#start(spec, policy);
        all.push(started.ended);
        await Promise.race([started.placed, this.#deleted.promise]);
      }
      await Promise.race([Promise.all(all), this.#deleted.promise]);
    }
    if (!this.#stopping) await this.#stopSidecars(SIDECAR_GRACE_MS);
  }

  /** Init containers in order; false where the pod is not to go on. */
  async #initialize(): Promise<boolean> {
    const { initContainers = [], restartPolicy } = this.#pod.spec ?? {};
    for (const spec of initContainers) {
      const sidecar = isSidecar(spec);
      const once = restartPolicy === "Never" ? "never" : "on-failure";
      const started = this.#start(spec, sidecar ? "always" : once);
      await Promise.race([sidecar ? started.started : started.ended, this.#deleted.promise]);
      const { state } = started.state;
      const failed = state.type === "terminated" && state.exitCode !== 0;
      if (this.#stopping || (failed && !sidecar)) return false;
    }
    return true;
  }

  async #makeSandbox(): Promise<void> {
    const { clock } = this.#node;
    while (!this.#stopping && this.#sandbox === undefined)
      try {
        const sandbox = await createSandbox(this.#node, this.#pod);
        this.#sandbox = sandbox;
        this.#writeOwnFiles(sandbox);
        this.#volumes = this.#prepareVolumes(sandbox);
        this.#refreshLater(sandbox);
      } catch (error) {
        this.#warn("cannot make sandbox", error);
        await this.#sandbox?.remove();
        this.#sandbox = undefined;
        const { promise, resolve } = Promise.withResolvers<void>();
        const timer = clock.after(this.#backoff.next(), resolve);
        await Promise.race([promise, this.#deleted.promise]);
        timer.cancel();
      }
    this.#publish();
  }

  #writeOwnFiles({ folder, ips }: Sandbox): void {
    const { dnsIp, clusterDomain } = this.#node;
    const { namespace = "default", name = "" } = this.#pod.metadata ?? {};
    const search = [`${namespace}.svc.`, "svc.", ""].map((prefix) => prefix + clusterDomain);
    writeFileSync(
      `${folder}/resolv.conf`,
      `search ${search.join(" ")}\nnameserver ${dnsIp}\noptions ndots:5\n`,
    );
    const own = ips.map((ip) => `${ip} ${name}\n`).join("");
    writeFileSync(`${folder}/hosts`, `127.0.0.1 localhost\n::1 localhost\n${own}`);
  }

  #prepareVolumes({ ips, folder }: Sandbox): ReadonlyMap<string, string> {
    const node = this.#node;
    const { namespace = "", name = "", uid = "" } = this.#pod.metadata ?? {};
    const serviceAccount = this.#pod.spec?.serviceAccountName ?? "default";
    return prepareVolumes({
      ...{ pod: this.#pod, podIps: ips, nodeIps: node.ips, folder: `${folder}/volumes` },
      configMap: (each) => node.configMap({ namespace, name: each }),
      secret: (each) => node.secret({ namespace, name: each }),
      token: (request) => node.token({ ...request, namespace, serviceAccount, pod: { name, uid } }),
      hostPath: (path) => hostPath(node, path),
      wallMs: node.clock.wall(),
    });
  }

  #refreshLater(sandbox: Sandbox): void {
    this.#refresh = this.#node.clock.after(REFRESH_MS, () => {
      try {
        this.#prepareVolumes(sandbox);
      } catch (error) {
        this.#warn("cannot refresh volumes", error);
      }
      this.#refreshLater(sandbox);
    });
  }

  #start(spec: Container, restart: "always" | "on-failure" | "never"): Supervised {
    const started = new Supervised({
      ...{ spec, restart, clock: this.#node.clock },
      graceMs: (this.#pod.spec?.terminationGracePeriodSeconds ?? GRACE_SECONDS) * SECOND_MS,
      start: (attempt) => this.#startProcess(spec, attempt),
      target: (running) => this.#probeTarget(spec, running),
      onChange: () => this.#publish(),
    });
    this.#containers.set(spec.name, started);
    this.#publish();
    return started;
  }

  #startProcess(spec: Container, attempt: number): RunningContainer {
    const sandbox = this.#sandbox;
    if (sandbox === undefined) throw new Error("Cannot start container: the pod has no sandbox");
    const context = { node: this.#node, pod: this.#pod, sandbox, volumes: this.#volumes, attempt };
    const log = `${sandbox.folder}/logs/${spec.name}/${attempt}`;
    const { netns, folder, cgroup } = sandbox;
    const before = `${spec.name}-${attempt - 1}`;
    rmSync(`${folder}/layers/${before}`, { recursive: true, force: true });
    if (cgroup !== undefined) removeCgroup(`${cgroup}/${before}`);
    const running = startContainer({ ...planContainer(spec, context), netns, log });
    const [last, ...older] = this.#logs.get(spec.name) ?? [];
    for (const each of older) rmSync(each);
    this.#logs.set(spec.name, last === undefined ? [log] : [log, last]);
    return running;
  }

  #probeTarget(spec: Container, running: RunningContainer): ProbeTarget {
    const { netns, clock, ips } = this.#node;
    return {
      ...{ nodeNetns: netns, clock, podIp: (this.#sandbox?.ips ?? ips)[0] },
      namedPort: (name) => spec.ports?.find((port) => port.name === name)?.containerPort,
      exec: (words, timeoutMs) => execIn(running, words, { timeoutMs, clock }),
    };
  }

  /** Applications first, then the sidecars that carry their traffic. */
  async #end(): Promise<void> {
    const sidecars = new Set(this.#sidecars());
    const applications = [...this.#containers.values()].filter((each) => !sidecars.has(each));
    const startedMs = this.#node.clock.now();
    await Promise.all(applications.map((each) => each.stop(this.#graceMs)));
    const left = this.#graceMs - (this.#node.clock.now() - startedMs);
    await this.#stopSidecars(Math.max(left, SIDECAR_GRACE_MS));
    for (const fault of (await this.#sandbox?.remove()) ?? [])
      this.#warn("cannot remove from network", fault);
  }

  async #stopSidecars(graceMs: number): Promise<void> {
    for (const each of this.#sidecars().toReversed()) await each.stop(graceMs);
  }

  #sidecars(): Supervised[] {
    return (this.#pod.spec?.initContainers ?? [])
      .filter(isSidecar)
      .flatMap(({ name }) => this.#containers.get(name) ?? []);
  }

  #warn(what: string, error: unknown): void {
    const { namespace, name } = this.#pod.metadata ?? {};
    this.#node.logger.warn(what, { pod: `${namespace}/${name}`, error: String(error) });
  }

  #publish(): void {
    if (this.#gone) return;
    const containers: Record<string, ContainerState> = {};
    for (const [name, { state }] of this.#containers) containers[name] = state;
    this.#writer.write(
      podStatus(this.#pod, {
        ...{ containers, podIps: this.#sandbox?.ips, nodeIps: this.#node.ips },
        ...{ startTime: this.#startTime, now: this.#time() },
      }),
    );
  }

  #time(): string {
    return new Date(this.#node.clock.wall()).toISOString();
  }
}

const RESTARTS: Readonly<Record<string, "always" | "on-failure" | "never">> = {
  Always: "always",
  OnFailure: "on-failure",
  Never: "never",
};
