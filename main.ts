/** The executable: the role is its first argument; loads that role's `main.ts` only. */

import manifest from "./package.json" with { type: "json" };

const VERSION = manifest.version;

const ROLES = "proxy, cni";

const [role] = process.argv.slice(2);
switch (role) {
  case "proxy": {
    const { main } = await import("./proxy/main.ts");
    await main(VERSION);
    break;
  }
  case "cni": {
    const { runCni } = await import("./cni/main.ts");
    await runCni(process.argv.slice(3), VERSION);
    break;
  }
  case "version":
    process.stdout.write(`Client version: ${VERSION}\n`);
    break;
  case undefined:
  case "--help":
    process.stdout.write(
      `Bunkerd ${VERSION}, a service mesh that speaks Linkerd's interfaces\n\n` +
        "  bunkerd proxy     runs the data plane; configured by LINKERD2_PROXY_* and BUNKERD_PROXY_*\n" +
        "  bunkerd cni       runs the node agent; `bunkerd cni --help` has its flags\n" +
        "  bunkerd version   prints the version\n\n" +
        "Example: LINKERD2_PROXY_…=… bunkerd proxy\n",
    );
    break;
  default:
    process.stderr.write(`Cannot run ${role}: the roles of this version are ${ROLES}, version\n`);
    process.exitCode = 1;
}
