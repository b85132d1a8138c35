/** Values of Linkerd's charts that mean nothing here, and why: who sets one is told, not passed over. */

const NO_INIT = "there is no init container, the node agent redirects pods";

/** By what a name begins with. */
const REASONS: readonly (readonly [prefix: string, reason: string])[] = [
  [
    "proxyInit.iptablesMode",
    "the node agent finds out how a node redirects; cni.redirect says otherwise",
  ],
  ["proxyInit", NO_INIT],
  ["networkValidator", "each proxy proves that it is captured; proxy.captureProof turns that off"],
  ["cniEnabled", "there is a node agent always; bunkerd install-cni prints it"],
  ["disableHeartBeat", "nothing is reported to anybody"],
  ["heartbeat", "nothing is reported to anybody"],
  ["enableEndpointSlices", "EndpointSlices are always used"],
  ["enablePSP", "Kubernetes has no PodSecurityPolicy any more"],
  ["enablePprof", "the runtime has no pprof"],
  ["proxy.cores", "a proxy has one worker"],
  ["proxy.runtime", "a proxy has one worker"],
  ["proxy.gid", "annotation config.linkerd.io/proxy-gid sets it for a pod"],
  ["controllerGID", "it is controllerUID"],
  [
    "spValidator",
    "the destination controller validates ServiceProfiles, in no container of its own",
  ],
  ["debugContainer", "there is no debug sidecar"],
  ["prometheusUrl", "bunkerd viz reads the proxies themselves"],
  ["controller.tracing", "controllers send no spans; those of their proxies are proxy.tracing"],
  ["kubeAPI", "clients are not limited by rate"],
  ["cliVersion", "objects say which version made them"],
];

/** Why a value of Linkerd's means nothing here; undefined where Linkerd has none of that name. */
export function whyForeign(path: string): string | undefined {
  return REASONS.find(([prefix]) => path === prefix || path.startsWith(`${prefix}.`))?.[1];
}
