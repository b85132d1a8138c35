/** What the demo shows while it runs: how requests flow, statistics as they come, and what to try. */

import { type Bed, cli, run, SAMPLE } from "./bed.ts";

/** Milliseconds between two tables. */
const EVERY_MS = 5_000;

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
