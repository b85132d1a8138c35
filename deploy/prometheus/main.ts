/** `npm run prometheus`: writes the scrape configuration and the rules; the files beside this one by default. */

import { mkdirSync, writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { prometheusFiles } from "./files.ts";

const HELP = `npm run prometheus -- [--out FOLDER] [--namespace NAME] [--cni-namespace NAME] [--kubeconfig FILE | --targets URL]
  --out FOLDER          where prometheus.yml and rules.yml are written (deploy/prometheus)
  --namespace NAME      of the control plane (linkerd)
  --cni-namespace NAME  of the node agent (linkerd-cni)
  --kubeconfig FILE     for a Prometheus outside of the cluster
  --targets URL         for one without Kubernetes' discovery, as Debian's: where
                        bunkerd diagnostics prometheus-targets --listen ADDRESS serves

Example: npm run prometheus -- --out /etc/prometheus --kubeconfig /etc/prometheus/kubeconfig`;

function main(words: readonly string[]): void {
  const text = { type: "string" } as const;
  const { values } = parseArgs({
    args: [...words],
    options: {
      out: text,
      namespace: text,
      "cni-namespace": text,
      kubeconfig: text,
      targets: text,
      help: { type: "boolean" },
    },
  });
  if (values.help === true) {
    process.stdout.write(`${HELP}\n`);
    return;
  }
  const out = values.out ?? new URL(".", import.meta.url).pathname;
  mkdirSync(out, { recursive: true });
  const files = prometheusFiles({
    namespace: values.namespace ?? "linkerd",
    cniNamespace: values["cni-namespace"] ?? "linkerd-cni",
    kubeconfigFile: values.kubeconfig,
    targetsUrl: values.targets,
  });
  for (const [name, content] of files) writeFileSync(`${out}/${name}`, content);
  process.stdout.write(`Wrote ${[...files.keys()].join(", ")} to ${out}\n`);
}

main(process.argv.slice(2));
