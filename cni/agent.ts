/** The node agent: composes its parts, starts them in order, looks after the node. */

import { existsSync, mkdirSync } from "node:fs";
import type { KubeClient } from "#lib/k8s/client.ts";
import { type Informer, startInformer } from "#lib/k8s/informer.ts";
import { NAMESPACES, PODS } from "#lib/k8s/resource.ts";
import type { Namespace, Pod } from "#lib/k8s/types/core.ts";
import type { Logger } from "#lib/log/logger.ts";
import { type PlainRequest, type PlainResponse, servePlain } from "#lib/net/plain-http.ts";
import type { Clock, Timer } from "#lib/time/clock.ts";
import { AgentMetrics } from "./agent-metrics.ts";
import { type Choice, chooseRedirection } from "./apply/choose.ts";
import type { AgentArgs } from "./args.ts";
import { Attachments } from "./attachments.ts";
import { readIfThere, writeAtomic } from "./install/files.ts";
import { Installer } from "./install/watch.ts";
import { namespacesIn, redirectLatecomers } from "./latecomers.ts";
import { Plugin } from "./plugin.ts";
import { meshedNamespaces, NodePods } from "./pods.ts";
import { Removal } from "./removal.ts";
import type { CniAnswer } from "./result.ts";
import { type CniServer, serveCni } from "./server.ts";
import type { WireRequest } from "./wire.ts";

/** How often the agent looks whether all is still in place. */
const LOOK_MS = 5000;

/** What the agent has from outside. */
export interface AgentSurroundings {
  readonly client: KubeClient;
  readonly clock: Clock;
  readonly random: () => number;
  readonly logger: Logger;
  /** The shim as a program; empty where this build has none. */
  readonly shim: Uint8Array;
  readonly has: (program: string) => boolean;
  readonly nodeAddresses: () => readonly string[];
}

/** An agent at work. */
export interface RunningAgent {
  readonly adminPort: number;
  /** Whether it was taken from the cluster for good, so that nothing of it should stay on the node. */
  readonly isRemoved: boolean;
  /** Ends it; what it installed and redirects stays. */
  stop(): void;
}

/** Starts the agent: first the program, then the socket, then (once the pods are known) the configuration. */
export function startAgent(args: AgentArgs, surroundings: AgentSurroundings): RunningAgent {
  if (surroundings.shim.length === 0)
    throw new Error(
      "Cannot install the plugin: this build has none, as it was made without a C compiler",
    );
  return new Agent(args, surroundings);
}

class Agent implements RunningAgent {
  readonly #args: AgentArgs;
  readonly #surroundings: AgentSurroundings;
  readonly #choice: Choice;
  readonly #attachments: Attachments;
  readonly #metrics: AgentMetrics;
  readonly #installer: Installer;
  readonly #plugin: Plugin;
  readonly #pods: NodePods;
  readonly #removal: Removal;
  readonly #informers: { readonly pods: Informer<Pod>; readonly namespaces: Informer<Namespace> };
  readonly #stops: (() => void)[] = [];
  readonly adminPort: number;
  #server: CniServer;
  #timer: Timer | undefined;
  #stopped = false;

  constructor(args: AgentArgs, surroundings: AgentSurroundings) {
    this.#args = args;
    this.#surroundings = surroundings;
    const { logger, clock, client, random, nodeAddresses } = surroundings;
    mkdirSync(args.runDir, { recursive: true });
    this.#choice = chooseRedirection({ ...args, asked: args.redirect, has: surroundings.has });
    const { redirection, reason, spare } = this.#choice;
    logger.info("redirecting", { with: redirection.kind, reason, spare: spare?.kind });
    this.#metrics = new AgentMetrics(redirection.kind);
    this.#attachments = Attachments.load(`${args.runDir}/attachments`, (error) =>
      this.#fault(error),
    );
    const watch = { client, clock, logger, random };
    this.#informers = {
      pods: startInformer({
        ...watch,
        resource: PODS,
        fieldSelector: `spec.nodeName=${args.nodeName}`,
      }),
      namespaces: startInformer({ ...watch, resource: NAMESPACES }),
    };
    this.#pods = new NodePods({ client, ...this.#informers, exempt: args.exempt });
    this.#removal = new Removal({
      ...watch,
      namespace: args.podNamespace,
      namespaces: this.#informers.namespaces,
    });
    this.#plugin = new Plugin({
      choice: this.#choice,
      pods: this.#pods,
      attachments: this.#attachments,
      nodeAddresses,
      logger,
    });
    this.#installer = this.#createInstaller();
    this.#installer.installProgram();
    this.#server = this.#serve();
    const admin = servePlain(args.adminAddr, (request) => this.#answer(request));
    this.adminPort = admin.port;
    this.#stops.push(() => admin.stop());
    this.#start();
  }

  get isRemoved(): boolean {
    return this.#removal.isFinal;
  }

  stop(): void {
    this.#stopped = true;
    this.#timer?.cancel();
    this.#server.stop();
    this.#removal.stop();
    this.#informers.pods.stop();
    this.#informers.namespaces.stop();
    for (const stop of this.#stops) stop();
  }

  #createInstaller(): Installer {
    const { cniBinDir, cniConfDir, hostRunDir } = this.#args;
    const { shim, logger } = this.#surroundings;
    const entry = {
      type: "linkerd-cni",
      ...(hostRunDir !== "/run/linkerd-cni" && { runDir: hostRunDir }),
    } as const;
    return new Installer({ binDir: cniBinDir, confDir: cniConfDir, shim, entry, logger });
  }

  #serve(): CniServer {
    return serveCni({
      path: this.#socketPath,
      clock: this.#surroundings.clock,
      handle: (request) => this.#handle(request),
      onFault: (error) => this.#fault(error),
    });
  }

  get #socketPath(): string {
    return `${this.#args.runDir}/agent.sock`;
  }

  async #handle(request: WireRequest): Promise<CniAnswer> {
    const { clock } = this.#surroundings;
    const started = clock.now();
    const answer = await this.#plugin.handle(request);
    this.#metrics.served(request.command, { answer, ms: clock.now() - started });
    return answer;
  }

  /** The configuration names us only once we know our pods; what an earlier agent configured stands meanwhile. */
  #start(): void {
    this.#pods.sync().then(
      () => {
        if (this.#stopped) return;
        this.#stops.push(
          this.#informers.namespaces.subscribe(() => this.#writeNamespaces()),
          this.#informers.pods.subscribe(() => this.#writeNamespaces()),
        );
        this.#look();
      },
      (error: unknown) => this.#fault(error),
    );
  }

  /** Each step by itself: one that fails is logged, and keeps no other. */
  #look(): void {
    const step = (work: () => number): number => {
      try {
        return work();
      } catch (error) {
        this.#fault(error);
        return 0;
      }
    };
    step(() => this.#serveAgain());
    this.#writeNamespaces();
    step(() => this.#refreshPrograms());
    this.#metrics.looked({
      repaired: step(() => this.#plugin.repair()) + step(() => this.#redirectLatecomers()),
      collected: step(() => this.#plugin.collectGone()),
      installed: step(() => this.#installer.look()),
    });
    this.#timer = this.#surroundings.clock.after(LOOK_MS, () => this.#look());
  }

  /** Where somebody took the socket away; how many it had to make. */
  #serveAgain(): number {
    if (existsSync(this.#socketPath)) return 0;
    this.#server.stop();
    this.#server = this.#serve();
    return 1;
  }

  /** How often it had to load. */
  #refreshPrograms(): number {
    const { redirection, programs } = this.#choice;
    if (redirection.kind !== "ebpf" || !programs.refresh()) return 0;
    this.#surroundings.logger.info("attached the programs anew", {});
    return 1;
  }

  #redirectLatecomers(): number {
    return redirectLatecomers({
      pods: this.#pods,
      attachments: this.#attachments,
      plugin: this.#plugin,
      logger: this.#surroundings.logger,
      namespaces: () => namespacesIn(this.#args.netnsDir),
    });
  }

  /** What the shim goes by while we are away. */
  #writeNamespaces(): void {
    const { pods, namespaces } = this.#informers;
    const path = `${this.#args.runDir}/namespaces`;
    const text = meshedNamespaces(namespaces.list(), pods.list());
    try {
      if (readIfThere(path)?.toString() !== text) writeAtomic(path, text);
    } catch (error) {
      this.#fault(error);
    }
  }

  #answer({ path }: PlainRequest): PlainResponse {
    switch (path) {
      case "/metrics":
        this.#metrics.pods(this.#attachments.list().map(({ kind }) => kind));
        return { status: 200, body: this.#metrics.text(this.#surroundings.clock.now()) };
      case "/ready":
        return this.#pods.ready && this.#installer.healthy
          ? { status: 200, body: "ready\n" }
          : { status: 503, body: "not ready\n" };
      case "/live":
        return { status: 200, body: "live\n" };
      default:
        return { status: 404, body: "" };
    }
  }

  #fault(error: unknown): void {
    this.#surroundings.logger.error("the agent failed at one task", { error: String(error) });
  }
}
