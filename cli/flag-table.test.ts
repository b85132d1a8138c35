import { expect, test } from "bun:test";
import type { Command } from "commander";
import type { Context } from "./context.ts";
import { createProgram } from "./program.ts";

/** Linkerd's commands and their flags, with their short forms; global ones and --help left out. */
const LINKERD = `
authz: -n/--namespace
check: --cli-version-override --crds --expected-version --linkerd-cni-enabled -n/--namespace -o/--output --pre --proxy --wait
completion: 
diagnostics: 
diagnostics controller-metrics: -w/--wait
diagnostics endpoints: --destination-pod -o/--output --token
diagnostics policy: --destination-pod -n/--namespace -o/--output --token
diagnostics profile: --destination-pod --token
diagnostics proxy-metrics: -n/--namespace --obfuscate
identity: -n/--namespace -l/--selector
inject: --admin-port --close-wait-timeout --control-port --default-inbound-policy --disable-identity --enable-debug-sidecar --enable-external-profiles --ignore-cluster --image-pull-policy --inbound-port --ingress --manual --native-sidecar --opaque-ports --outbound-port -o/--output --proxy-cpu --proxy-cpu-limit --proxy-cpu-request --proxy-gid --proxy-image --proxy-log-level --proxy-memory --proxy-memory-limit --proxy-memory-request --proxy-uid -v/--proxy-version --registry --require-identity-on-inbound-ports --skip-inbound-ports --skip-outbound-ports --wait-before-exit-seconds
install: --admin-port --cluster-domain --control-port --controller-gid --controller-log-level --controller-replicas --controller-uid --crds --default-inbound-policy --disable-h2-upgrade --disable-heartbeat --enable-endpoint-slices --enable-external-profiles --ha --identity-clock-skew-allowance --identity-external-ca --identity-external-issuer --identity-issuance-lifetime --identity-issuer-certificate-file --identity-issuer-key-file --identity-trust-anchors-file --identity-trust-domain --ignore-cluster --image-pull-policy --inbound-port --linkerd-cni-enabled --outbound-port -o/--output --proxy-cpu --proxy-cpu-limit --proxy-cpu-request --proxy-gid --proxy-image --proxy-log-level --proxy-memory --proxy-memory-limit --proxy-memory-request --proxy-uid -v/--proxy-version --registry --set --set-file --set-string --skip-inbound-ports --skip-outbound-ports -f/--values
install-cni: --admin-port --cni-image --cni-image-version --cni-log-level --control-port --dest-cni-bin-dir --dest-cni-net-dir --inbound-port -v/--linkerd-version --outbound-port --priority-class-name --proxy-gid --proxy-uid --redirect-ports --registry --set --set-file --set-string --skip-inbound-ports --skip-outbound-ports --use-wait-flag -f/--values
profile: --ignore-cluster -n/--namespace --open-api -o/--output --proto --template
prune: -o/--output
uninject: -o/--output
uninstall: -f/--force -o/--output
upgrade: --admin-port --control-port --controller-gid --controller-log-level --controller-replicas --controller-uid --crds --default-inbound-policy --disable-h2-upgrade --disable-heartbeat --enable-endpoint-slices --enable-external-profiles --force --from-manifests --ha --identity-clock-skew-allowance --identity-issuance-lifetime --identity-issuer-certificate-file --identity-issuer-key-file --identity-trust-anchors-file --image-pull-policy --inbound-port --linkerd-cni-enabled --outbound-port -o/--output --proxy-cpu --proxy-cpu-limit --proxy-cpu-request --proxy-gid --proxy-image --proxy-log-level --proxy-memory --proxy-memory-limit --proxy-memory-request --proxy-uid -v/--proxy-version --registry --set --set-file --set-string --skip-inbound-ports --skip-outbound-ports -f/--values
version: --client -n/--namespace --proxy --short
viz: --viz-namespace
viz allow-scrapes: -n/--namespace -o/--output
viz authz: -n/--namespace -o/--output -l/--selector -t/--time-window
viz check: -n/--namespace -o/--output --proxy --wait
viz dashboard: --address -p/--port --show --wait
viz edges: -A/--all-namespaces -n/--namespace -o/--output
viz install: --ha --ignore-cluster -o/--output --set --set-file --set-string --skip-checks -f/--values --wait
viz list: -A/--all-namespaces -n/--namespace
viz profile: -n/--namespace -o/--output --tap --tap-duration --tap-route-limit
viz prune: --ha -o/--output --set --set-file --set-string -f/--values --wait
viz routes: -n/--namespace -o/--output -l/--selector -t/--time-window --to --to-namespace
viz stat: -A/--all-namespaces --from --from-namespace -n/--namespace -o/--output -l/--selector -t/--time-window --to --to-namespace --unmeshed
viz stat-inbound: -n/--namespace -o/--output --prometheusURL -t/--time-window
viz stat-outbound: -n/--namespace -o/--output --prometheusURL -t/--time-window
viz tap: --authority --max-rps --method -n/--namespace -o/--output --path --scheme -l/--selector --to --to-namespace
viz top: --authority --hide-sources --max-rps --method -n/--namespace --path --routes --scheme -l/--selector --to --to-namespace
viz uninstall: -o/--output
`
  .trim()
  .split("\n")
  .map((line) => line.split(/:\s*/, 2))
  .map(
    ([name = "", flags = ""]) => [name, flags.split(" ").filter((flag) => flag !== "")] as const,
  );

/** Commands that are not there, and why. */
const NO_COMMAND: Readonly<Record<string, string>> = {};
const NO_VIZ = "viz is not in this version but for statistics";

/** Flags that a command does not have, and why. */
const NO_FLAG: Readonly<Record<string, string>> = {
  "viz --viz-namespace": "nothing of viz is installed in this version",
};

/** Flags that Linkerd's command does not have, and what for. */
const OURS: Readonly<Record<string, string>> = {
  "inject --identity-trust-anchors-file": "--manual without a cluster needs anchors",
  "install-cni -o/--output": "as every command that prints manifests",
  "install-cni --redirect": "the tier of redirection",
  "upgrade --cluster-domain": "one list of flags for install and upgrade",
  "upgrade --identity-trust-domain": "one list of flags for install and upgrade",
};

const root = createProgram({
  version: "1.2.3",
  terminal: {},
  linkerdNamespace: "linkerd",
} as unknown as Context);

function find(name: string): Command | undefined {
  return name
    .split(" ")
    .reduce<Command | undefined>(
      (at, word) => at?.commands.find((each) => each.name() === word),
      root,
    );
}

const flagsOf = (command: Command): string[] =>
  command.options.map(({ short, long }) => (short === undefined ? `${long}` : `${short}/${long}`));

test.each(LINKERD)("%s has Linkerd's flags", (name, flags) => {
  const command = find(name);
  if (command === undefined) {
    expect(NO_COMMAND[name] ?? (name.startsWith("viz ") ? NO_VIZ : undefined)).toBeDefined();
    return;
  }
  const own = flagsOf(command);
  expect(flags.filter((flag) => !own.includes(flag) && !NO_FLAG[`${name} ${flag}`])).toEqual([]);
  expect(own.filter((flag) => !flags.includes(flag) && !OURS[`${name} ${flag}`])).toEqual([]);
});

test("every difference that is listed is one", () => {
  const named = (which: Readonly<Record<string, string>>): string[] =>
    Object.keys(which).filter((key) => {
      const at = key.lastIndexOf(" ");
      const command = find(key.slice(0, at));
      return command !== undefined && flagsOf(command).includes(key.slice(at + 1));
    });
  expect(named(NO_FLAG)).toEqual([]);
  expect(named(OURS)).toEqual(Object.keys(OURS));
});

test("global flags are Linkerd's", () => {
  expect(flagsOf(root).toSorted()).toEqual(
    [
      "--api-addr",
      "--as",
      "--as-group",
      "--cni-namespace",
      "--context",
      "--kubeconfig",
      "--verbose",
      "-L/--linkerd-namespace",
    ].toSorted(),
  );
});
