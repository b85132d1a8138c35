/** The executable: the role is its first argument, or what its name says, else it is the command line; loads that role's `main.ts` only. */

import manifest from "./package.json" with { type: "json" };

/** Given to a build whose version is not that of its sources. */
declare const BUNKERD_VERSION: string | undefined;
const VERSION = typeof BUNKERD_VERSION === "string" ? BUNKERD_VERSION : manifest.version;

/** By these names a genuine control plane starts what it expects of an image, each with its own flags. */
const ROLES: Readonly<Record<string, string>> = {
  "linkerd2-proxy-identity": process.argv[2] ?? "proxy",
  "linkerd2-proxy-init": "proxy-init",
  "linkerd2-network-validator": "linkerd2-network-validator",
  "linkerd-await": "linkerd-await",
  sleep: "sleep",
};
const named = ROLES[process.argv0.slice(process.argv0.lastIndexOf("/") + 1)];
const role = named ?? process.argv[2] ?? "";
switch (role) {
  case "linkerd-await":
  case "linkerd2-network-validator":
  case "sleep": {
    const { runProxyEntry } = await import("./proxy/main.ts");
    await runProxyEntry(role, process.argv.slice(named === undefined ? 3 : 2));
    break;
  }
  case "proxy-init": {
    const { runProxyInit } = await import("./cni/main.ts");
    await runProxyInit(process.argv.slice(named === undefined ? 3 : 2));
    break;
  }
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
