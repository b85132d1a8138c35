/** The executable: the role is its first argument, else it is the command line; loads that role's `main.ts` only. */

import manifest from "./package.json" with { type: "json" };

const VERSION = manifest.version;

const [role = ""] = process.argv.slice(2);
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
