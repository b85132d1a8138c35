/** An informer of ConfigMaps over the API in memory, with all that it asks and says; minutes pass in moments. */

import type { KubeClient } from "#lib/k8s/client.ts";
import { type Informer, startInformer } from "#lib/k8s/informer.ts";
import { CONFIG_MAPS } from "#lib/k8s/resource.ts";
import type { ConfigMap } from "#lib/k8s/types/core.ts";
import type { WatchEvent } from "#lib/k8s/watch.ts";
import { FakeKubeApi } from "../fake/kube-api.ts";
import { PassingClock } from "../fake/passing-clock.ts";
import { RecordedLog } from "../fake/recorded-log.ts";

/** A request, and when it was made; milliseconds. */
export type Asked = { readonly verb: "list" | "watch"; readonly atMs: number };

/** Steps of time that are waited for something, and the length of one in milliseconds. */
const STEPS = 400;
const STEP_MS = 250;
/** True milliseconds of a step at least, so that bytes can travel, and at most, while a request is not answered. */
const TRUE_STEP_MS = 1;
const PATIENCE_MS = 1_000;
/** How long what needs no time of its own is waited for. */
const SOON_MS = 5_000;

/** One informer. */
export class KubernetesBed {
  readonly clock: PassingClock = new PassingClock();
  readonly log: RecordedLog = new RecordedLog();
  readonly asked: Asked[] = [];
  readonly changes: string[] = [];
  readonly versions: number[] = [];
  /** Who answers the next requests. */
  client: KubeClient;
  readonly kube: FakeKubeApi;
  readonly informer: Informer<ConfigMap>;
  /** How many watches the API has begun to answer. */
  opened = 0;
  #unanswered = 0;
  /** Requests that were waited for in vain. */
  #hopeless = 0;

  private constructor(kube: FakeKubeApi, client: KubeClient) {
    this.kube = kube;
    this.client = client;
    const noted: Pick<KubeClient, "list" | "watch"> = {
      list: (resource, options) => {
        this.#note("list");
        const answer = this.client.list(resource, options);
        const settled = (): void => void this.#unanswered--;
        answer.then(settled, settled);
        return answer;
      },
      watch: (resource, options) => {
        this.#note("watch");
        return this.#follow(this.client.watch(resource, options));
      },
    };
    this.informer = startInformer({
      client: noted as KubeClient,
      resource: CONFIG_MAPS,
      namespace: "mesh",
      clock: this.clock,
      logger: this.log.logger,
      random: Math.random,
    });
    this.informer.subscribe(({ type, object }) => {
      this.changes.push(`${type} ${object.metadata?.name} ${object.data?.["v"] ?? ""}`.trim());
      this.versions.push(Number(object.metadata?.resourceVersion));
    });
  }

  /** Starts it; `token` says as whom it asks, `prepare` what the API does to its first request. */
  static async start(
    how: {
      readonly token?: string;
      readonly prepare?: (kube: FakeKubeApi) => Promise<void> | void;
    } = {},
  ): Promise<KubernetesBed> {
    const kube = await FakeKubeApi.start();
    await how.prepare?.(kube);
    return new KubernetesBed(kube, kube.clientOf(how.token ?? "admin"));
  }

  #note(verb: Asked["verb"]): void {
    this.asked.push({ verb, atMs: this.clock.now() });
    this.#unanswered++;
  }

  async *#follow(watch: AsyncIterable<WatchEvent>): AsyncGenerator<WatchEvent> {
    let isAnswered = false;
    try {
      for await (const event of watch) {
        if (!isAnswered) this.#unanswered--;
        isAnswered = true;
        if (event.type === "OPENED") this.opened++;
        yield event;
      }
    } finally {
      if (!isAnswered) this.#unanswered--;
    }
  }

  /** Lets time pass, and what is asked meanwhile be answered where it is at all. */
  async pass(ms: number): Promise<void> {
    for (let left = ms; left > 0; left -= STEP_MS) {
      await this.clock.pass(Math.min(STEP_MS, left));
      await new Promise<void>((resolve) => setTimeout(resolve, TRUE_STEP_MS));
      this.#hopeless = Math.min(this.#hopeless, this.#unanswered);
      const deadline = performance.now() + PATIENCE_MS;
      while (this.#unanswered > this.#hopeless && performance.now() < deadline)
        await new Promise<void>(setImmediate);
      this.#hopeless = this.#unanswered;
    }
  }

  /** Creates or changes a ConfigMap. */
  async put(name: string, v: string, kube: FakeKubeApi = this.kube): Promise<void> {
    const place = { name, namespace: "mesh" };
    const known = await kube.admin.get(CONFIG_MAPS, place);
    if (known === undefined) await kube.admin.create(CONFIG_MAPS, { metadata: place, data: { v } });
    else await kube.admin.replace(CONFIG_MAPS, { ...known, data: { v } });
  }

  delete(name: string): Promise<void> {
    return this.kube.admin.delete(CONFIG_MAPS, { name, namespace: "mesh" });
  }

  /** What is known of a ConfigMap. */
  value(name: string): string | undefined {
    return this.informer.get({ name, namespace: "mesh" })?.data?.["v"];
  }

  count(verb: Asked["verb"]): number {
    return this.asked.filter((each) => each.verb === verb).length;
  }

  /** Lets time pass until something is so; says how much has. */
  async until(holds: () => boolean, why: string): Promise<number> {
    const startMs = this.clock.now();
    for (let step = 0; !holds(); step++) {
      if (step > STEPS) throw new Error(`Cannot wait longer: ${why}: ${this.log.lines.join("\n")}`);
      await this.pass(STEP_MS);
    }
    return this.clock.now() - startMs;
  }

  /** Waits without letting more time pass than does by itself. */
  async soon(holds: () => boolean, why: string): Promise<void> {
    const deadline = performance.now() + SOON_MS;
    while (!holds()) {
      if (performance.now() > deadline) throw new Error(`Cannot wait longer: ${why}`);
      await new Promise<void>(setImmediate);
    }
  }

  stop(): void {
    this.informer.stop();
    this.kube.stop();
  }
}
