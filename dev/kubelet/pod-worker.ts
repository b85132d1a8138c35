/** The life of one pod: sandbox, volumes, containers in order, and the end of all of it. */

import { writeFileSync } from "node:fs";
import { PODS } from "#lib/k8s/resource.ts";
import type { Container, Pod } from "#lib/k8s/types/core.ts";
import { type Backoff, createBackoff } from "#lib/time/backoff.ts";
import type { Timer } from "#lib/time/clock.ts";
import { type RunningContainer, startContainer } from "./container.ts";
import { hostPath, type KubeletNode } from "./node.ts";
import { planContainer } from "./plan.ts";
import { type ContainerState, isSidecar, podStatus } from "./pod-status.ts";
import type { ProbeTarget } from "./probe.ts";
import { createSandbox, type Sandbox } from "./sandbox.ts";
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
const EXEC_FAILED = 126;

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
  #stopping = false;
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

  /** Its address, once it has one. */
  get ip(): string | undefined {
    return this.#sandbox?.ip;
  }

  /** The process of a container that runs, and where the log of its last start is. */
  container(
    name: string,
  ): { readonly running: RunningContainer | undefined; readonly log: string } | undefined {
    const found = this.#containers.get(name);
    if (found === undefined || this.#sandbox === undefined) return undefined;
    return { running: found.running, log: `${this.#sandbox.folder}/logs/${name}` };
  }

  async #live(): Promise<void> {
    const { logger, client } = this.#node;
    const { name = "", namespace = "" } = this.#pod.metadata ?? {};
    await this.#run().catch((error: unknown) =>
      logger.error("pod failed", { pod: `${namespace}/${name}`, error: String(error) }),
    );
    this.#refresh?.cancel();
    if (!this.#stopping) await this.#deleted.promise;
    await this.#end();
    await this.#writer.close();
    await client
      .delete(PODS, { name, namespace }, { gracePeriodSeconds: 0 })
      .catch((error: unknown) =>
        logger.warn("cannot delete pod", { pod: `${namespace}/${name}`, error: String(error) }),
      );
  }

  async #run(): Promise<void> {
    await this.#makeSandbox();
    if (this.#sandbox === undefined) return;
    const { initContainers = [], containers = [], restartPolicy = "Always" } = this.#pod.spec ?? {};
    for (const spec of initContainers) {
      if (this.#stopping) return;
      const sidecar = isSidecar(spec);
      const once = restartPolicy === "Never" ? "never" : "on-failure";
      const started = this.#start(spec, sidecar ? "always" : once);
      await Promise.race([sidecar ? started.started : started.ended, this.#deleted.promise]);
    }
    if (this.#stopping) return;
    const policy = RESTARTS[restartPolicy] ?? "always";
    const all = containers.map((spec) => this.#start(spec, policy).ended);
    await Promise.race([Promise.all(all), this.#deleted.promise]);
    if (!this.#stopping) await this.#stopSidecars(SIDECAR_GRACE_MS);
  }

  async #makeSandbox(): Promise<void> {
    const { logger, clock } = this.#node;
    while (!this.#stopping && this.#sandbox === undefined)
      try {
        const sandbox = await createSandbox(this.#node, this.#pod);
        this.#sandbox = sandbox;
        this.#writeOwnFiles(sandbox);
        this.#refreshVolumes();
      } catch (error) {
        const pod = `${this.#pod.metadata?.namespace}/${this.#pod.metadata?.name}`;
        logger.warn("cannot make sandbox", { pod, error: String(error) });
        await this.#sandbox?.remove();
        this.#sandbox = undefined;
        const { promise, resolve } = Promise.withResolvers<void>();
        const timer = clock.after(this.#backoff.next(), resolve);
        await Promise.race([promise, this.#deleted.promise]);
        timer.cancel();
      }
    this.#publish();
  }

  #writeOwnFiles({ folder, ip }: Sandbox): void {
    const { dnsIp, clusterDomain } = this.#node;
    const { namespace = "default", name = "" } = this.#pod.metadata ?? {};
    const search = [`${namespace}.svc.`, "svc.", ""].map((prefix) => prefix + clusterDomain);
    writeFileSync(
      `${folder}/resolv.conf`,
      `search ${search.join(" ")}\nnameserver ${dnsIp}\noptions ndots:5\n`,
    );
    writeFileSync(`${folder}/hosts`, `127.0.0.1 localhost\n::1 localhost\n${ip} ${name}\n`);
  }

  #refreshVolumes(): void {
    const node = this.#node;
    const sandbox = this.#sandbox;
    if (sandbox === undefined) return;
    const { namespace = "", name = "", uid = "" } = this.#pod.metadata ?? {};
    const serviceAccount = this.#pod.spec?.serviceAccountName ?? "default";
    this.#volumes = prepareVolumes({
      ...{
        pod: this.#pod,
        podIp: sandbox.ip,
        nodeIp: node.ip,
        folder: `${sandbox.folder}/volumes`,
      },
      configMap: (each) => node.configMap({ namespace, name: each }),
      secret: (each) => node.secret({ namespace, name: each }),
      token: (request) => node.token({ ...request, namespace, serviceAccount, pod: { name, uid } }),
      hostPath: (path) => hostPath(node, path),
      wallMs: node.clock.wall(),
    });
    this.#refresh = node.clock.after(REFRESH_MS, () => {
      try {
        this.#refreshVolumes();
      } catch (error) {
        node.logger.warn("cannot refresh volumes", {
          pod: `${namespace}/${name}`,
          error: String(error),
        });
      }
    });
  }

  #start(spec: Container, restart: "always" | "on-failure" | "never"): Supervised {
    const started = new Supervised({
      ...{ spec, restart, clock: this.#node.clock },
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
    const log = `${sandbox.folder}/logs/${spec.name}`;
    return startContainer({ ...planContainer(spec, context), netns: sandbox.netns, log });
  }

  #probeTarget(spec: Container, running: RunningContainer): ProbeTarget {
    const { netns, clock, ip } = this.#node;
    return {
      ...{ nodeNetns: netns, clock, podIp: this.#sandbox?.ip ?? ip },
      namedPort: (name) => spec.ports?.find((port) => port.name === name)?.containerPort,
      exec: async (words, timeout) => {
        try {
          const child = Bun.spawn(running.command(words), {
            ...{ timeout, stdin: "ignore", stdout: "ignore", stderr: "ignore" },
          });
          return await child.exited;
        } catch {
          return EXEC_FAILED;
        }
      },
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
      this.#node.logger.warn("cannot remove pod", { error: fault.message });
  }

  async #stopSidecars(graceMs: number): Promise<void> {
    for (const each of this.#sidecars().toReversed()) await each.stop(graceMs);
  }

  #sidecars(): Supervised[] {
    return (this.#pod.spec?.initContainers ?? [])
      .filter(isSidecar)
      .flatMap(({ name }) => this.#containers.get(name) ?? []);
  }

  #publish(): void {
    const containers: Record<string, ContainerState> = {};
    for (const [name, { state }] of this.#containers) containers[name] = state;
    this.#writer.write(
      podStatus(this.#pod, {
        ...{ containers, podIp: this.#sandbox?.ip, nodeIp: this.#node.ip },
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
