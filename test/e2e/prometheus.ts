/** Debian's Prometheus outside of the cluster, under the configuration that we ship. */

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dump, load } from "js-yaml";
import type { TargetGroup } from "../../deploy/prometheus/targets.ts";
import type { Place } from "./place.ts";
import { eventually } from "./shell.ts";

const ROOT = new URL("../..", import.meta.url).pathname;
const API = "127.0.0.1:9099";
const DISCOVERY = "127.0.0.1:9089";
const STARTS_WITHIN_SECONDS = 30;

/** All that the shipped configuration says the account needs. */
const ACCOUNT = `
kubectl create namespace monitoring
kubectl -n monitoring create serviceaccount prometheus
kubectl create clusterrole prometheus --verb=list,watch --resource=pods
kubectl create clusterrolebinding prometheus --clusterrole=prometheus --serviceaccount=monitoring:prometheus`;
const NO_ACCOUNT = `
kubectl delete --ignore-not-found clusterrolebinding,clusterrole prometheus
kubectl delete --ignore-not-found namespace monitoring`;

interface Sample {
  readonly metric: Readonly<Record<string, string>>;
  readonly value: readonly [number, string];
}

type Configuration = {
  scrape_configs: ({ job_name: string; kubernetes_sd_configs?: object } & object)[];
};

/** One that runs. */
export class Prometheus {
  readonly #place: Place;
  readonly #folder = mkdtempSync(`${tmpdir()}/prometheus-`);
  readonly #processes: string[] = [];

  private constructor(place: Place) {
    this.#place = place;
  }

  /**
   * Starts it. Debian's is built without Kubernetes' discovery, so Prometheus' own runs beside it, by the same
   * configuration and as an account of its own; Debian's does all else that the configuration says.
   */
  static async start(place: Place): Promise<Prometheus> {
    const its = new Prometheus(place);
    try {
      await its.#start();
      return its;
    } catch (error) {
      await its.stop();
      throw error;
    }
  }

  async #start(): Promise<void> {
    const { shell } = this.#place;
    const folder = this.#folder;
    await shell(ACCOUNT);
    await shell(`
cp $KUBECONFIG ${folder}/kubeconfig
token=$(kubectl -n monitoring create token prometheus)
kubectl --kubeconfig ${folder}/kubeconfig config set-credentials prometheus --token=$token
kubectl --kubeconfig ${folder}/kubeconfig config set-context --current --user=prometheus
bun ${ROOT}deploy/prometheus/main.ts --out ${folder} --kubeconfig ${folder}/kubeconfig`);
    await this.#run("discovery", `prometheus-discovery ${folder}/prometheus.yml ${DISCOVERY}`);
    const config = load(readFileSync(`${folder}/prometheus.yml`, "utf8")) as Configuration;
    writeFileSync(`${folder}/debian.yml`, dump(withoutKubernetes(config)));
    const data = `--storage.tsdb.path=${folder}/data --web.listen-address=${API}`;
    await this.#run("prometheus", `prometheus --config.file=${folder}/debian.yml ${data}`);
    await eventually("Prometheus starts", STARTS_WITHIN_SECONDS, () => this.ask("targets"));
  }

  async #run(name: string, line: string): Promise<void> {
    const log = `${this.#folder}/${name}.log`;
    this.#processes.push(
      (await this.#place.shell(`${line} > ${log} 2>&1 < /dev/null & echo $!`)).trim(),
    );
  }

  /** What its API answers. */
  async ask<T>(path: string): Promise<T> {
    const answer = await this.#place.shell(`curl -sS -G http://${API}/api/v1/${path}`);
    return (JSON.parse(answer) as { data: T }).data;
  }

  /** The samples of an expression now. */
  async query(expression: string): Promise<readonly Sample[]> {
    const path = `query --data-urlencode 'query=${expression}'`;
    return (await this.ask<{ result: readonly Sample[] }>(path)).result;
  }

  /** What discovery has found for a job. */
  async discovered(job: string): Promise<readonly TargetGroup[]> {
    return JSON.parse(
      await this.#place.shell(`curl -sSf http://${DISCOVERY}/${job}`),
    ) as TargetGroup[];
  }

  /** Ends it and takes all away that it needed. */
  async stop(): Promise<void> {
    if (this.#processes.length > 0) await this.#place.shell(`kill ${this.#processes.join(" ")}`);
    await this.#place.shell(NO_ACCOUNT);
    rmSync(this.#folder, { recursive: true });
  }
}

/** The same, each job asking for what was found for it. */
function withoutKubernetes(config: Configuration): Configuration {
  const jobs = config.scrape_configs.map(({ kubernetes_sd_configs, ...job }) => {
    if (kubernetes_sd_configs === undefined) throw new Error(`${job.job_name} discovers nothing`);
    const url = `http://${DISCOVERY}/${job.job_name}`;
    return { ...job, http_sd_configs: [{ url, refresh_interval: "5s" }] };
  });
  return { ...config, scrape_configs: jobs };
}
