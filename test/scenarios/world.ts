/** What a scenario can do: apply objects by kubectl, ask by curl and gRPC from inside of pods, read what was counted. */

import { familyOf, type IpFamily } from "#lib/addr/ip.ts";
import { type Bed, inPod, must, onNode, ROOT, run, until } from "../demo/bed.ts";
import { Asked } from "./asked.ts";
import { type Answer, type Ask, answerOf, type Brief, briefsOf, curlOf, manyOf } from "./curl.ts";
import { Names } from "./names.ts";
import type { Manifest } from "./objects.ts";
import { OUTSIDE, outsideAddress } from "./outside.ts";
import { Place, type PlaceOptions } from "./place.ts";
import { Pods } from "./pods.ts";
import { type Backend, type Caller, NAMESPACE } from "./workloads.ts";

/** A gRPC call that is to be made. */
export type GrpcCall = {
  readonly path: string;
  readonly metadata?: Readonly<Record<string, string>>;
  readonly deadlineMs?: number;
  /** 1 unless given. */
  readonly times?: number;
};

/** What a gRPC client was told. */
export type GrpcAnswer = {
  readonly code: number;
  readonly details: string;
  readonly metadata: Readonly<Record<string, string>>;
};

/** What a backend says of a request. */
export type Echo = {
  readonly name: string;
  readonly method: string;
  readonly path: string;
  readonly host: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Bytes of the request's body. */
  readonly body: number;
  readonly caller: string;
};

/** One request of a table: its path, how else it is asked, and who answers or with which status. */
export type Row = Ask & { readonly path?: string; readonly is: Backend | number };

/** How connections are made; one unless said. */
export type Talk = {
  readonly count?: number /** The backend speaks first. */;
  readonly first?: boolean;
};

const SETTLE_MS = 15_000;

/** The mesh of the scenarios, for one of them after another. */
export class World {
  readonly bed: Bed;
  readonly pods: Pods;
  readonly asked: Asked = new Asked();
  readonly names: Names;
  readonly #kubectl: string;
  #applied: string[] = [];
  #places = 0;

  constructor(bed: Bed, kubectl: string, family: IpFamily) {
    this.bed = bed;
    this.pods = new Pods(bed);
    this.names = new Names(family, this.pods);
    this.#kubectl = kubectl;
  }

  /** What is applied without a namespace is of the scenarios'. */
  async begin(): Promise<void> {
    await this.kubectl("config", "set-context", "--current", `--namespace=${NAMESPACE}`);
  }

  /** A Service of the scenario's own, so that nothing of another one holds for it; it is applied like everything else. */
  place(options: PlaceOptions = {}): Place {
    this.#places += 1;
    return new Place(this.#places, options);
  }

  /** Applies objects in the scenarios' namespace; `clear` takes them away again. Rejects with what kubectl says. */
  async apply(...objects: readonly (string | object)[]): Promise<void> {
    const { code, err } = await this.#apply(objects);
    if (code !== 0) throw new Error(err);
  }

  /** Applies what is to be refused; what kubectl says. */
  async refused(...objects: readonly (string | object)[]): Promise<string> {
    const { code, out, err } = await this.#apply(objects);
    if (code === 0) throw new Error(`it was let in: ${out}`);
    return err;
  }

  /** Applies what is let in; what kubectl says beside. */
  async warned(...objects: readonly (string | object)[]): Promise<string> {
    const { code, err } = await this.#apply(objects);
    if (code !== 0) throw new Error(err);
    return err;
  }

  async #apply(objects: readonly (string | object)[]): ReturnType<typeof run> {
    const input = objects
      .map((each) => (typeof each === "string" ? each : JSON.stringify(each)))
      .join("\n---\n");
    this.#applied.push(input);
    const command = [this.#kubectl, "apply", "-f", "-"];
    return await run(this.bed, command, { input });
  }

  /** Takes objects away that were applied. */
  async remove(...objects: readonly Manifest[]): Promise<void> {
    const input = objects.map((each) => JSON.stringify(each)).join("\n---\n");
    await must(this.bed, [this.#kubectl, "delete", "-f", "-"], { input });
  }

  /** Runs kubectl in the scenarios' namespace. */
  kubectl(...words: readonly string[]): Promise<string> {
    return must(this.bed, [this.#kubectl, ...words]);
  }

  /** Takes away what the scenario has applied, the last first. */
  async clear(): Promise<void> {
    for (const input of this.#applied.splice(0).toReversed())
      await run(
        this.bed,
        [this.#kubectl, "delete", "--ignore-not-found", "--wait=false", "-f", "-"],
        { input },
      );
    await this.pods.reset();
  }

  /** Asks as a container of that pod would. */
  async ask(from: Caller, url: string, how: Ask = {}): Promise<Answer> {
    const command = [...curlOf(url, how), ...(await this.names.resolve(url, how))];
    const input = how.body === undefined ? {} : { input: how.body };
    const pod = await this.pods.of(from);
    const answer = answerOf((await run(this.bed, inPod(this.bed, pod, command), input)).out);
    // What is in TLS of applications no proxy counts.
    if (url.startsWith("http:")) this.asked.answer(from, answer.headers["x-backend"]);
    return answer;
  }

  /** Asks from outside of the cluster: by an address that none of its networks has. */
  async askFromOutside(url: string): Promise<Answer> {
    const address = await this.names.addressOf(new URL(url).hostname);
    const own = outsideAddress(OUTSIDE, familyOf(address)) ?? "";
    const to = await this.names.resolve(url, { address });
    const command = [...curlOf(url, {}), ...to, "--interface", own];
    const answer = answerOf((await run(this.bed, onNode(this.bed, command))).out);
    this.asked.answer("outsider", answer.headers["x-backend"]);
    return answer;
  }

  /** Asks so often over one connection. */
  async many(from: Caller, url: string, count: number, how: Ask = {}): Promise<readonly Brief[]> {
    const command = [...manyOf(url, count, how), ...(await this.names.resolve(url, how))];
    const pod = await this.pods.of(from);
    const { out } = await run(this.bed, inPod(this.bed, pod, command), { timeoutMs: 120_000 });
    const briefs = briefsOf(out);
    for (const { backend } of briefs) this.asked.answer(from, backend);
    return briefs;
  }

  /** Asks so often by HTTP/2 over one connection, so many at a time; how many were answered with a 2xx. Throws where one got no answer. */
  async streams(from: Caller, url: string, count: number, atOnce = 10): Promise<number> {
    const { hostname, port, protocol } = new URL(url);
    const to = await this.names.dialled(
      `${hostname}:${port || (protocol === "https:" ? 443 : 80)}`,
    );
    const options = ["-n", String(count), "-c1", "-m", String(atOnce), `--connect-to=${to}`];
    const pod = await this.pods.of(from);
    const command = inPod(this.bed, pod, ["h2load", ...options, url]);
    const out = await must(this.bed, command, { timeoutMs: 300_000 });
    const [, good] = /status codes: (\d+) 2xx/.exec(out) ?? [];
    const [, done] = /(\d+) done/.exec(out) ?? [];
    if (Number(done) !== count) throw new Error(`of ${count} requests ${done} were answered`);
    this.asked.backends(from, Number(good));
    return Number(good);
  }

  /** What the backend that answered says of the request. Throws where it is not a backend's answer. */
  async echo(from: Caller, url: string, how: Ask = {}): Promise<Echo> {
    const { status, body } = await this.ask(from, url, how);
    if (status !== 200) throw new Error(`${url} answered ${status}: ${body}`);
    return JSON.parse(body) as Echo;
  }

  /** Makes gRPC calls over one connection; `address` is a name and a port. */
  async calls(
    from: Caller,
    address: string,
    ...calls: readonly GrpcCall[]
  ): Promise<readonly GrpcAnswer[]> {
    const program = `${ROOT}/test/scenarios/apps/call.js`;
    const dialled = await this.names.dialled(address);
    const command = [process.execPath, program, dialled, address, JSON.stringify(calls)];
    const pod = await this.pods.of(from);
    const text = await must(this.bed, inPod(this.bed, pod, command));
    const answers = JSON.parse(text) as GrpcAnswer[];
    for (const { metadata } of answers) this.asked.answer(from, metadata["x-backend"]);
    return answers;
  }

  /** Opens connections one after the other, says a line on each and returns the first that comes back; `closed` where none does. */
  async talk(
    from: Caller,
    address: string,
    { count = 1, first = false }: Talk = {},
  ): Promise<string[]> {
    const [name = "", port = ""] = address.split(":");
    const say = first ? ":" : "printf 'hello\\n' >&3";
    const one = `if exec 3<>/dev/tcp/${await this.names.addressOf(name)}/${port}; then ${say}; IFS= read -r -t 8 line <&3 && echo "$line" || echo closed; exec 3>&-; else echo closed; fi`;
    const script = `trap '' PIPE; for i in $(seq ${count}); do ${one}; done 2>/dev/null`;
    const pod = await this.pods.of(from);
    const { out } = await run(this.bed, inPod(this.bed, pod, ["bash", "-c", script]), {
      timeoutMs: 120_000,
    });
    return out.trim().split("\n");
  }

  /** Asks what a table has: the first row until it is so, as a change takes its moment to arrive, then all of them. */
  async table(from: Caller, url: string, rows: readonly Row[]): Promise<void> {
    const one = async ({ path = "/", is, ...how }: Row): Promise<string | undefined> => {
      const { status, headers } = await this.ask(from, `${url}${path}`, how);
      const came = typeof is === "number" ? status : (headers["x-backend"] ?? status);
      const asked = `${how.method ?? "GET"} ${path} ${how.headers?.join(", ") ?? ""}`;
      return came === is ? undefined : `${asked.trim()} of ${from} gets ${came}, not ${is}`;
    };
    const [first, ...others] = rows;
    if (first === undefined) throw new Error("the table is empty");
    let last: string | undefined;
    await this.eventually("the first row", async () => {
      last = await one(first);
      return last === undefined;
    }).catch(() => {
      throw new Error(last);
    });
    for (const row of others) {
      const wrong = await one(row);
      if (wrong !== undefined) throw new Error(wrong);
    }
  }

  /** The sum of a metric over the proxies of these apps. */
  async metric(
    apps: readonly (Caller | Backend)[],
    name: string,
    labels: Readonly<Record<string, string>> = {},
  ): Promise<number> {
    return await this.pods.metric(apps, name, labels);
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
