/** Runs a cluster of dev mode with one pod, says so, and stays until it is killed: what a crash leaves behind. */

import { instanceOf } from "../../dev/instance.ts";
import { DevCluster } from "./dev-cluster.ts";

const dev = await DevCluster.start({ instance: instanceOf(process.argv[2] ?? "") });
await dev.run("left", "echo up; sleep 1000");
await dev.says("left", "up");
process.stdout.write("ready\n");
