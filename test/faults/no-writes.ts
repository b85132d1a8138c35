/** The roles destination and identity in a process of their own, for a test that forbids it to write; arguments: API, CA, files of identity. */

import { readFileSync } from "node:fs";
import { createKubeClient } from "#lib/k8s/client.ts";
import { LogFilter } from "#lib/log/log-filter.ts";
import { createLogger } from "#lib/log/logger.ts";
import { systemClock } from "#lib/sys/system-clock.ts";
import { startDestination } from "../../controller/roles/destination.ts";
import { startIdentity } from "../../controller/roles/identity.ts";
import type { Surroundings } from "../../controller/runtime/role.ts";

const [server = "", caFile = "", dir = ""] = process.argv.slice(2);
const any = { ip: "127.0.0.1", port: 0 };
const common = {
  ...{ addr: any, adminAddr: any, controllerNamespace: "linkerd" },
  trustDomain: "cluster.local",
};
const around: Surroundings = {
  client: createKubeClient({ server, ca: readFileSync(caFile, "utf8"), token: () => "admin" }),
  clock: systemClock,
  random: Math.random,
  memoryShare: () => 0,
  log: createLogger({
    filter: new LogFilter(),
    format: "plain",
    wall: () => 0,
    write: (line) => void process.stdout.write(`${line}\n`),
  }),
  onFault: (error) => {
    throw error;
  },
};
const destination = startDestination(
  {
    ...common,
    ...{ policyAddr: any, clusterDomain: "cluster.local", opaquePorts: "", h2Upgrade: true },
    ...{ transportHeader: true, defaultPolicy: "deny", clusterNetworks: [], probeNetworks: [] },
    globalEgressNamespace: "linkerd-egress",
    ipv6: true,
    admission: undefined,
  },
  around,
);
const identity = startIdentity(
  {
    ...common,
    ...{ issuanceLifetimeMs: 60_000, clockSkewMs: 20_000, scheme: "linkerd.io/tls" },
    ...{ issuerDir: dir, anchorsFile: `${dir}/ca-bundle.crt` },
  },
  around,
);
await Promise.all([destination.ready, identity.ready]);
process.stdout.write(`ready ${destination.adminPort} ${identity.adminPort}\n`);
process.stdin.on("end", () => process.exit(0)).resume();
