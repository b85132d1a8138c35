/** What the demo shows while it runs: how requests flow, statistics as they come, and what to try. */

import { type Bed, cli, run, SAMPLE } from "./bed.ts";

/** Milliseconds between two tables. */
const EVERY_MS = 5_000;

const ASK = `kubectl exec -n ${SAMPLE} deploy/generator -c generator -- curl -s -o /dev/null`;

/** What to apply, and the command that shows its effect; the checks prove each (checks/policy.ts). */
const POLICY_STEPS: readonly {
  readonly file: string;
  readonly what: string;
  readonly show: string;
}[] = [
  {
    ...{ file: "deny", what: "each port has its callers, and nobody else is let through" },
    show: `kubectl logs -n ${SAMPLE} deploy/outsider --tail=3; npm run cli -- viz authz deploy/web -n ${SAMPLE}`,
  },
  {
    ...{
      file: "canary",
      what: "a fifth of web's requests goes to its next version, which fails a third",
    },
    show: `npm run cli -- viz stat deploy/web deploy/web-next -n ${SAMPLE}`,
  },
  {
    ...{ file: "retries", what: "what fails there is tried again: the generator loses nothing" },
    show: `npm run cli -- diagnostics proxy-metrics deploy/generator -n ${SAMPLE} | grep route_retry`,
  },
  {
    ...{ file: "timeout", what: "nobody waits longer than half a second for web-next" },
    show: `${ASK} -w '%{http_code} after %{time_total} s\\n' http://web-next/api/report`,
  },
  {
    ...{ file: "rate-limit", what: "web-next takes five requests a second" },
    show: `${ASK} -w '%{http_code}\\n' 'http://web-next/ready?[1-20]'`,
  },
];

/** Shows until stopped. */
export function show(bed: Bed, report: (line: string) => void): { stop(): void } {
  const [port] = bed.running.exposed.list();
  report(`
  generator ──▶ web ──▶ emoji    gRPC       every arrow between meshed pods is mTLS,
                 ├────▶ voting   gRPC       set up by the proxies; the applications
                 └────▶ redis    opaque     know nothing of it
  outsider ─ ─ ▶ web             not meshed, in the clear

Try, in another terminal:
  export KUBECONFIG=${bed.running.kubeconfigPath}
  kubectl get pods -n ${SAMPLE} -o wide
  kubectl rollout restart deploy -n ${SAMPLE}
  npm run cli -- viz stat deploy -n ${SAMPLE}
  curl http://127.0.0.1:${port?.local}/api/list

Policy, one after the other, and what shows each:
${POLICY_STEPS.map(({ file, what, show }) => `  kubectl apply -f demo/policy/${file}.yml   # ${what}\n    ${show}`).join("\n")}

Ctrl-C ends it and removes everything.
`);
  let stopped = false;
  const table = async (): Promise<void> => {
    while (!stopped) {
      const { out, err } = await run(bed, cli("viz", "stat", "deploy", "-n", SAMPLE, "-t", "2s"));
      if (!stopped) report(`${new Date().toLocaleTimeString()}\n${out || err}`);
      await Bun.sleep(EVERY_MS);
    }
  };
  table().catch((error: unknown) => report(String(error)));
  return {
    stop: () => {
      stopped = true;
    },
  };
}
