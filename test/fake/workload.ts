/** A meshed pod, for tests of the controllers. */

import type { Workload } from "../../controller/core/workload.ts";

/** A pod `web-1` in `shop`, meshed by the control plane in `linkerd`. */
export const fakeWorkload = (over: Partial<Workload> = {}): Workload => ({
  name: "web-1",
  namespace: "shop",
  external: false,
  labels: { app: "web" },
  ips: ["10.1.0.1"],
  serviceAccount: "web",
  identity: undefined,
  node: "node-1",
  owner: { kind: "Deployment", name: "web" },
  templateHash: "abc",
  controlPlaneNs: "linkerd",
  proxy: { inboundPort: 4143, metaPorts: [4190, 4191] },
  namedPorts: new Map([["http", [8080]]]),
  opaque: [{ from: 5432, to: 5432 }],
  skipInbound: [{ from: 25, to: 25 }],
  requireIdentity: [],
  defaultPolicy: undefined,
  probes: new Map(),
  ...over,
});
