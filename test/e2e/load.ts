/** Load on a real cluster: the generator as a pod, inside the mesh or outside. */

import type { LoadResult } from "../bench/load/result.ts";
import { APP_IMAGE } from "./app/image.ts";
import type { Place } from "./place.ts";
import { eventually } from "./shell.ts";
import { expectThat } from "./suite.ts";

/** Who calls whom, how often and for how long. */
export interface LoadPlan {
  readonly name: string;
  readonly namespace: string;
  /** The Service in namespace shop that is called, and the path there. */
  readonly service: string;
  readonly path: string;
  readonly rate: number;
  readonly seconds: number;
  /** Whether the caller is meshed. */
  readonly meshed: boolean;
  /** Where the caller runs; anywhere if not given. */
  readonly node?: string;
}

const START_SECONDS = 60;
const SLACK_SECONDS = 60;

/** A load that runs; `result` is there when it is over. */
export interface RunningLoad {
  result(): Promise<LoadResult>;
}

/** Starts a load and returns once it runs. */
export async function startLoad(place: Pick<Place, "shell">, plan: LoadPlan): Promise<RunningLoad> {
  const { name, namespace, service } = plan;
  const ip = await place.shell(
    `kubectl -n shop get svc ${service} -o jsonpath='{.spec.clusterIP}'`,
  );
  const url = `http://${ip}:80${plan.path}`;
  const words = [
    "load",
    "--url",
    url,
    "--rate",
    plan.rate,
    "--connections",
    8,
    "--for",
    plan.seconds,
  ];
  const pod = {
    apiVersion: "v1",
    kind: "Pod",
    metadata: {
      name,
      namespace,
      annotations: { "linkerd.io/inject": plan.meshed ? "enabled" : "disabled" },
    },
    spec: {
      restartPolicy: "Never",
      ...(plan.node !== undefined && { nodeName: plan.node }),
      containers: [
        {
          name: "load",
          image: APP_IMAGE,
          imagePullPolicy: "IfNotPresent",
          args: words.map(String),
        },
      ],
    },
  };
  await place.shell("kubectl apply -f -", { input: JSON.stringify(pod) });
  const phase = (): Promise<string> =>
    place.shell(`kubectl -n ${namespace} get pod ${name} -o jsonpath='{.status.phase}'`);
  await eventually(`pod ${name} runs`, START_SECONDS, async () => {
    const now = await phase();
    expectThat(now === "Running" || now === "Succeeded", `its phase is ${now}`);
  });
  return {
    result: async () => {
      const ended = await eventually(`pod ${name} ends`, plan.seconds + SLACK_SECONDS, async () => {
        const now = await phase();
        expectThat(now === "Succeeded" || now === "Failed", `its phase is ${now}`);
        return now;
      });
      const text = await place.shell(`kubectl -n ${namespace} logs ${name} -c load`);
      expectThat(ended === "Succeeded", text);
      await place.shell(`kubectl -n ${namespace} delete pod ${name} --wait=false`);
      return JSON.parse(text) as LoadResult;
    },
  };
}

/** What became of all requests. */
export const told = ({ due, answered, failed, failures, unanswered }: LoadResult): string =>
  `of ${due} requests ${answered} were answered, ${failed} failed (${failures.join(", ")}), ${unanswered} had no answer`;

/** Fails where a request of a caller was not answered as it should be. */
export function expectNothingLost(result: LoadResult, caller = "the caller"): void {
  const { due, answered, failed, unanswered } = result;
  const whole = due > 0 && answered === due && failed === 0 && unanswered === 0;
  expectThat(whole, `${caller}: ${told(result)}`);
}

/** Requests a second of each caller. */
const RATE = 100;

/** Runs something while two callers make requests, and until `seconds` are over. */
export async function underLoad(
  place: Place,
  { name, seconds }: { readonly name: string; readonly seconds: number },
  work: () => Promise<void>,
): Promise<void> {
  const target = { service: "web", path: "/", rate: RATE, seconds };
  const inside = { ...target, name: `${name}-in`, namespace: "shop", meshed: true };
  const outside = { ...target, name: `${name}-out`, namespace: "default", meshed: false };
  const [within, without] = await Promise.all([
    startLoad(place, inside),
    startLoad(place, outside),
  ]);
  try {
    await work();
    const results = [await within.result(), await without.result()] as const;
    expectNothingLost(results[0], "the meshed caller");
    expectNothingLost(results[1], "the caller outside");
  } finally {
    for (const { name: pod, namespace } of [inside, outside])
      await place.shell(
        `kubectl -n ${namespace} delete pod ${pod} --ignore-not-found --wait=false`,
      );
  }
}
