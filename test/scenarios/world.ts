/** What a scenario can do: apply objects by kubectl, ask by curl and gRPC from inside of pods, read what was counted. */

import { PODS } from "#lib/k8s/resource.ts";
import type { Pod } from "#lib/k8s/types/core.ts";
import { parseExposition } from "#lib/metrics/parse.ts";
import {
  addressOf,
  type Bed,
  inPod,
  metricsText,
  must,
  ROOT,
  run,
  sumOf,
  until,
} from "../demo/bed.ts";
import { type Answer, type Ask, answerOf, curlOf } from "./curl.ts";
import { BACKENDS, type Backend, type Caller, COUNT_PORT, NAMESPACE } from "./workloads.ts";

/** What a gRPC client was told. */
export type GrpcAnswer = {
  readonly code: number;
  readonly details: string;
  readonly metadata: Readonly<Record<string, string>>;
};

/** What a backend says of a request. */
export type Echo = {
  readonly name: Backend;
  readonly method: string;
  readonly path: string;
  readonly host: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Bytes of the request's body. */
  readonly body: number;
  readonly caller: string;
};

const SETTLE_MS = 10_000;

/** The mesh of the scenarios, for one of them after another. */
export class World {
  readonly bed: Bed;
  readonly #kubectl: string;
  #applied: string[] = [];

  constructor(bed: Bed, kubectl: string) {
    this.bed = bed;
    this.#kubectl = kubectl;
  }

  /** Applies YAML in the scenarios' namespace; `clear` takes it away again. Rejects with what kubectl says. */
  async apply(yaml: string): Promise<void> {
    this.#applied.push(yaml);
    await must(this.bed, [this.#kubectl, "-n", NAMESPACE, "apply", "-f", "-"], { input: yaml });
  }

  /** Applies what is to be refused; what kubectl says. */
  async refused(yaml: string): Promise<string> {
    const said = await run(this.bed, [this.#kubectl, "-n", NAMESPACE, "apply", "-f", "-"], {
      input: yaml,
    });
    if (said.code !== 0) return said.err;
    this.#applied.push(yaml);
    throw new Error(`it was let in: ${said.out}`);
  }

  /** Applies what is let in; what kubectl says beside. */
  async warned(yaml: string): Promise<string> {
    this.#applied.push(yaml);
    const said = await run(this.bed, [this.#kubectl, "-n", NAMESPACE, "apply", "-f", "-"], {
      input: yaml,
    });
    if (said.code !== 0) throw new Error(said.err);
    return said.err;
  }

  /** Runs kubectl in the scenarios' namespace. */
  kubectl(...words: readonly string[]): Promise<string> {
    return must(this.bed, [this.#kubectl, "-n", NAMESPACE, ...words]);
  }

  /** Takes away what the scenario has applied, the last first. */
  async clear(): Promise<void> {
    for (const yaml of this.#applied.splice(0).toReversed())
      await run(
        this.bed,
        [this.#kubectl, "-n", NAMESPACE, "delete", "--ignore-not-found", "--wait=false", "-f", "-"],
        { input: yaml },
      );
  }

  /** Asks as a container of that pod would. */
  async ask(from: Caller, url: string, how: Ask = {}): Promise<Answer> {
    const pod = await this.#pod(from);
    const { hostname, port } = new URL(url);
    const resolved = [...(await this.#resolve(hostname, port || "80"))];
    const command = [...curlOf(url, how), ...resolved.flatMap((each) => ["--resolve", each])];
    return answerOf((await run(this.bed, inPod(this.bed, pod, command))).out);
  }

  /** What the backend that answered says of the request. Throws where it is not a backend's answer. */
  async echo(from: Caller, url: string, how: Ask = {}): Promise<Echo> {
    const { status, body } = await this.ask(from, url, how);
    if (status !== 200) throw new Error(`${url} answered ${status}: ${body}`);
    return JSON.parse(body) as Echo;
  }

  /** Makes one gRPC call; metadata as `name=value`. */
  async call(
    from: Caller,
    address: string,
    method: "vote" | "results",
    metadata: readonly string[] = [],
  ): Promise<GrpcAnswer> {
    const pod = await this.#pod(from);
    const program = `${ROOT}/test/scenarios/apps/call.js`;
    const [name = "", port = ""] = address.split(":");
    const [resolved] = await this.#resolve(name, port);
    const ip = resolved?.slice(`${name}:${port}:`.length) ?? name;
    const command = [process.execPath, program, `${ip}:${port}`, address, method, ...metadata];
    return JSON.parse(await must(this.bed, inPod(this.bed, pod, command))) as GrpcAnswer;
  }

  /** How many requests the backends themselves have counted. */
  async counted(kind: "http" | "grpc"): Promise<number> {
    const counts = BACKENDS.map(async (name) => {
      const pod = await this.#pod(name);
      const url = `http://${pod.status?.podIP}:${COUNT_PORT}/`;
      const command = ["nsenter", `--net=${this.bed.running.nodeNetns}`, "--", "curl", "-sS", url];
      return (JSON.parse(await must(this.bed, command)) as Record<typeof kind, number>)[kind];
    });
    return (await Promise.all(counts)).reduce((sum, count) => sum + count, 0);
  }

  /** The sum of a metric over the proxies of these apps. */
  async metric(
    apps: readonly (Caller | Backend)[],
    name: string,
    labels: Readonly<Record<string, string>> = {},
  ): Promise<number> {
    const sums = apps.map(async (app) => {
      const text = await metricsText(this.bed, await this.#pod(app));
      return sumOf(parseExposition(text), name, labels);
    });
    return (await Promise.all(sums)).reduce((sum, each) => sum + each, 0);
  }

  /** A pod of the scenarios; it and everybody else of its Deployment do the same. */
  async #pod(instance: Caller | Backend): Promise<Pod> {
    const { items } = await this.bed.running.client.list(PODS, { namespace: NAMESPACE });
    const found = items.find(
      ({ metadata }) =>
        metadata?.labels?.["instance"] === instance && metadata.deletionTimestamp === undefined,
    );
    if (found === undefined) throw new Error(`there is no pod of ${instance}`);
    return found;
  }

  /** What curl is told of a Service's name, as the programs run in a pod's network and with this machine's resolver. */
  async #resolve(name: string, port: string): Promise<string[]> {
    const [service = "", namespace = "", svc] = name.split(".");
    if (svc !== "svc") return [];
    return [`${name}:${port}:${await addressOf(this.bed, service, namespace)}`];
  }

  /** Waits until something holds: a change of policy takes its moment to arrive. */
  async eventually(what: string, holds: () => Promise<boolean>): Promise<void> {
    await until(what, SETTLE_MS, holds);
  }

  /** Waits until a request is answered so. */
  async answers(from: Caller, url: string, status: number, how: Ask = {}): Promise<Answer> {
    let last = "";
    return await until(`${from} gets ${status} from ${url}`, SETTLE_MS, async () => {
      const answer = await this.ask(from, url, how);
      last = `${answer.status}`;
      return answer.status === status && answer;
    }).catch((error: unknown) => {
      throw new Error(`${String(error)}: the last status was ${last}`);
    });
  }
}
