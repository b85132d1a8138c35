/** The executable: the role is its first argument, or what its name says, else it is the command line; loads that role's `main.ts` only. */

import manifest from "./package.json" with { type: "json" };

/** Given to a build whose version is not that of its sources. */
declare const BUNKERD_VERSION: string | undefined;
const VERSION = typeof BUNKERD_VERSION === "string" ? BUNKERD_VERSION : manifest.version;

/** Without a word a genuine control plane starts its proxies, by this name. */
const asProxy = process.argv0.endsWith("/linkerd2-proxy-identity");
const [role = asProxy ? "proxy" : ""] = process.argv.slice(2);
switch (role) {
  case "proxy": {
    const { main } = await import("./proxy/main.ts");
    await main(VERSION);
    break;
  }
  case "controller": {
    const { runController } = await import("./controller/main.ts");
    await runController(process.argv.slice(3), VERSION);
    break;
  }
  case "cni": {
    const { runCni } = await import("./cni/main.ts");
    await runCni(process.argv.slice(3), VERSION);
    break;
  }
  case "dev": {
    const { runDev } = await import("./dev/main.ts");
    await runDev(process.argv.slice(3), VERSION);
    break;
  }
  default: {
    const { runCli } = await import("./cli/main.ts");
    await runCli(process.argv.slice(2), VERSION);
  }
}
