/** Writes a pod's status to the API: the newest, one write at a time. */

import { KubeError } from "#lib/k8s/kube-error.ts";
import { PODS } from "#lib/k8s/resource.ts";
import type { Pod } from "#lib/k8s/types/core.ts";
import type { KubeletNode } from "./node.ts";

type PodStatus = NonNullable<Pod["status"]>;

/** Milliseconds until a write that failed is tried again. */
const RETRY_MS = 500;

/** What is written while a write is under way replaces what waits. */
export class StatusWriter {
  readonly #node: Pick<KubeletNode, "client" | "clock" | "logger">;
  #pod: Pod;
  #waiting: PodStatus | undefined;
  #writing: Promise<void> | undefined;
  readonly #closing = Promise.withResolvers<void>();
  #closed = false;

  constructor(node: Pick<KubeletNode, "client" | "clock" | "logger">, pod: Pod) {
    this.#node = node;
    this.#pod = pod;
  }

  /** The pod as the API has it, for the times of its conditions. */
  update(pod: Pod): void {
    this.#pod = pod;
  }

  /** Writes it now, or after the write that is under way. */
  write(status: PodStatus): void {
    if (this.#closed) return;
    this.#waiting = status;
    this.#writing ??= this.#drain();
  }

  /** Writes nothing more; settles when the last write is through. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#waiting = undefined;
    this.#closing.resolve();
    await this.#writing;
  }

  async #drain(): Promise<void> {
    for (let status = this.#take(); status !== undefined; status = this.#take()) {
      const failed = await this.#put(status);
      if (failed && !this.#closed) {
        this.#waiting ??= status;
        const { promise, resolve } = Promise.withResolvers<void>();
        const timer = this.#node.clock.after(RETRY_MS, resolve);
        await Promise.race([promise, this.#closing.promise]);
        timer.cancel();
      }
    }
    this.#writing = undefined;
  }

  #take(): PodStatus | undefined {
    const status = this.#closed ? undefined : this.#waiting;
    this.#waiting = undefined;
    return status;
  }

  async #put(status: PodStatus): Promise<boolean> {
    const { name = "", namespace = "" } = this.#pod.metadata ?? {};
    const patch = { type: "merge", subresource: "status", body: { status } } as const;
    try {
      await this.#node.client.patch(PODS, { name, namespace }, patch);
      return false;
    } catch (error) {
      // The pod is gone: nobody reads its status.
      if (error instanceof KubeError && error.code === "not-found") return false;
      this.#node.logger.warn("cannot write status", {
        pod: `${namespace}/${name}`,
        error: String(error),
      });
      return true;
    }
  }
}
