/** What the machine sees of an instance that is killed, that has no root, or that meets bad input. */

import { existsSync, readFileSync } from "node:fs";
import { createKubeClient } from "#lib/k8s/client.ts";
import { PODS } from "#lib/k8s/resource.ts";
import { instanceOf, ownerOf } from "../../../dev/instance.ts";
import { accessOf } from "../../../dev/kubeconfig.ts";
import { cli, expect, ROOT, until } from "../bed.ts";

/** One thing that is shown; it returns the figure that was seen, and throws where it does not hold. */
export type MachineCheck = { readonly name: string; run(): Promise<string> };

export const MACHINE: readonly MachineCheck[] = [
  {
    name: "after SIGKILL of dev, a second dev up works, and dev down leaves nothing",
    run: afterKill,
  },
  {
    name: "without cgroup2, dev says so and redirects by nft",
    run: () => without("check-nocgroup", "/sys/fs/cgroup", "no cgroup2 is mounted"),
  },
  {
    name: "without BTF, dev says so and redirects by nft",
    run: () => without("check-nobtf", "/sys/kernel/btf", "the kernel has no BTF"),
  },
  { name: "without root, dev says what needs it and ends with 1", run: withoutRoot },
  { name: "invalid YAML to inject names file, document and field", run: invalidYaml },
];

const NAME = "check-kill";

type Ended = { readonly out: string; readonly err: string; readonly code: number };

async function run(command: readonly string[], input = ""): Promise<Ended> {
  const child = Bun.spawn([...command], {
    stdin: Buffer.from(input),
    stdout: "pipe",
    stderr: "pipe",
  });
  const [out, err, code] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
    child.exited,
  ]);
  return { out, err, code };
}

async function afterKill(): Promise<string> {
  const instance = instanceOf(NAME);
  const up = (): Bun.Subprocess<"ignore", "ignore", "inherit"> =>
    Bun.spawn(cli("dev", "up", "--name", NAME), {
      stdin: "ignore",
      stdout: "ignore",
      stderr: "inherit",
    });
  const running = async (child: Bun.Subprocess): Promise<void> => {
    await until("dev is up", 60_000, async () => {
      const { out } = await run(cli("dev", "status", "--name", NAME));
      if (child.exitCode !== null) throw new Error("dev up has ended");
      return (out.match(/^linkerd .* ready /gm)?.length ?? 0) === 3;
    });
  };
  const first = up();
  await running(first);
  first.kill("SIGKILL");
  await first.exited;
  expect(ownerOf(instance) === undefined, "the killed process still owns the instance");
  const second = up();
  await running(second);
  const down = await run(cli("dev", "down", "--name", NAME));
  expect(down.code === 0, `dev down: ${down.err}`);
  expect((await second.exited) === 0, "the second dev up did not end in order");
  const left = [instance.root, instance.cgroup ?? ""].filter((path) => existsSync(path));
  const mounts = readFileSync("/proc/self/mounts", "utf8").includes(instance.root);
  expect(left.length === 0 && !mounts, `left behind: ${left.join(", ")}`);
  return "up, SIGKILL, up again, down";
}

/** Brings an instance up where a folder of the kernel is hidden, and asks its agent what it chose. */
async function without(name: string, hidden: string, said: string): Promise<string> {
  const words = cli("dev", "up", "--name", name);
  const script = `mount -t tmpfs none ${hidden}; exec "$@"`;
  const child = Bun.spawn(["unshare", "--mount", "sh", "-ec", script, "sh", ...words], {
    stdin: "ignore",
    stdout: "pipe",
    stderr: "inherit",
  });
  try {
    const lines = await readUntil(child.stdout, "Ctrl-C ends it");
    expect(lines.includes(said), `it said: ${lines}`);
    const config = `/proc/${child.pid}/root/run/bunkerd/${name}/kubeconfig`;
    const { token, ...access } = accessOf(readFileSync(config, "utf8"));
    const client = createKubeClient({ ...access, token: () => token });
    const [pod] = (await client.list(PODS, { namespace: "linkerd-cni" })).items;
    const log = await client.text(`/api/v1/namespaces/linkerd-cni/pods/${pod?.metadata?.name}/log`);
    expect(log.includes("with=nft"), `the agent's log: ${log.slice(0, 300)}`);
    return lines.split("\n")[0] ?? "";
  } finally {
    child.kill("SIGTERM");
    await child.exited;
  }
}

async function readUntil(stream: ReadableStream<Uint8Array>, text: string): Promise<string> {
  let read = "";
  for await (const chunk of stream) {
    read += Buffer.from(chunk).toString();
    if (read.includes(text)) return read;
  }
  throw new Error(`it ended after: ${read}`);
}

async function withoutRoot(): Promise<string> {
  const nobody = ["setpriv", "--reuid", "65534", "--clear-groups", "--inh-caps", "-all"];
  // The checkout may lie where only root can read; the executable that dev compiled does not.
  const program = `${ROOT}/node_modules/.cache/bunkerd/bunkerd`;
  const copy = "/tmp/bunkerd-without-root";
  await run(["cp", program, copy]);
  try {
    const { err, code } = await run([...nobody, copy, "dev", "up"]);
    expect(
      code === 1 && err.includes("need root") && err.trim().split("\n").length === 1,
      `${code}: ${err}`,
    );
    return err.trim();
  } finally {
    await run(["rm", "-f", copy]);
  }
}

async function invalidYaml(): Promise<string> {
  const file = "/tmp/bunkerd-bad.yml";
  await Bun.write(
    file,
    "apiVersion: v1\nkind: Namespace\nmetadata: {name: a}\n---\napiVersion: apps/v1\nkind: Deployment\nmetadata: {name: b}\nspec: {template: 7}\n",
  );
  try {
    const { err, code } = await run(cli("inject", file));
    expect(
      code === 1 && err.includes(file) && /document 2/.test(err) && /template/.test(err),
      `${code}: ${err}`,
    );
    return err.trim();
  } finally {
    await run(["rm", "-f", file]);
  }
}
