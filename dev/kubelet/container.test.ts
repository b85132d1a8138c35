import { afterEach, expect, test } from "bun:test";
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { basename } from "node:path";
import { instanceOf } from "../instance.ts";
import { killCgroup, type RunningContainer, startContainer } from "./container.ts";
import { removeCgroup } from "./sandbox.ts";

const folders: string[] = [];
const running: RunningContainer[] = [];
afterEach(async () => {
  for (const each of running.splice(0)) {
    each.kill();
    await each.exited;
  }
  for (const folder of folders.splice(0)) {
    Bun.spawnSync(["umount", "-l", folder]);
    rmSync(folder, { recursive: true });
  }
});

function start(script: string, cgroup?: string): { container: RunningContainer; folder: string } {
  const folder = mkdtempSync("/run/container-test-");
  folders.push(folder);
  expect(Bun.spawnSync(["mount", "-t", "tmpfs", "tmpfs", folder]).exitCode).toBe(0);
  const message = `${folder}/messages/c-0`;
  const container = startContainer({
    plan: {
      cgroup,
      layer: `${folder}/layer`,
      hostname: "box",
      mounts: [{ source: message, target: "/dev/termination-log", readOnly: false }],
      readOnlyRoot: false,
      ...{ uid: 2102, gid: 2102, capabilities: [], noNewPrivileges: true, workingDir: "/" },
      command: ["sh", "-c", script],
    },
    netns: "/proc/thread-self/ns/net",
    environment: { WORD: "hello" },
    log: `${folder}/logs/c/0`,
    message,
  });
  running.push(container);
  return { container, folder };
}

/** Waits until the container has written a line. */
const line = (folder: string): Promise<void> =>
  until(() => statSync(`${folder}/logs/c/0`).size > 0);

async function until(holds: () => boolean): Promise<void> {
  const deadline = performance.now() + 4_000;
  while (!holds()) {
    if (performance.now() > deadline) throw new Error(`Cannot see in time that ${holds}`);
    await Bun.sleep(5);
  }
}

/** Whether a process has ended; whoever is to hear of that may never ask. */
function hasEnded(pid: number): boolean {
  try {
    return readFileSync(`/proc/${pid}/stat`, "utf8").split(") ").at(-1)?.startsWith("Z") === true;
  } catch {
    return true;
  }
}

test("a container writes its log, its last words and its status", async () => {
  const { container, folder } = start(
    'echo "$WORD"; echo oh >&2; echo bye > /dev/termination-log; exit 3',
  );
  expect(await container.exited).toBe(3);
  expect(readFileSync(`${folder}/logs/c/0`, "utf8")).toBe("hello\noh\n");
  expect(container.logEnd()).toBe("hello\noh\n");
  expect(container.lastWords()).toBe("bye\n");
});

test("a signal reaches its program; one that has ended gets none", async () => {
  const { container, folder } = start("trap 'exit 5' TERM; echo up; while :; do sleep 0.01; done");
  await line(folder);
  container.signal("SIGTERM");
  expect(await container.exited).toBe(5);
  container.signal("SIGTERM");
});

test("what has no program yet is ended at once", async () => {
  const { container } = start("sleep 1000");
  container.signal("SIGTERM");
  expect(await container.exited).toBe(137);
});

test("kill() ends what listens to nothing, inside too", async () => {
  const { container, folder } = start("trap '' TERM; echo up; sleep 1000");
  await line(folder);
  container.signal("SIGTERM");
  const inside = container.command(["true"])[2];
  container.kill();
  expect(await container.exited).toBe(137);
  await until(() => hasEnded(Number(inside)));
});

test("a command runs inside, under the same user, and only there", async () => {
  const { container, folder } = start("echo up; sleep 1000");
  await line(folder);
  expect(container.isInside()).toBe(true);
  const { stdout } = Bun.spawnSync(container.command(["sh", "-c", "hostname; id -u"]));
  expect(stdout.toString()).toBe("box\n2102\n");
  container.kill();
  await container.exited;
  expect(container.isInside()).toBe(false);
  expect(() => container.command(["true"])).toThrow("it has not started, or has ended");
});

test("a command belongs to the container's cgroup, as the mesh tells by it whose connections are whose", async () => {
  const { cgroup } = instanceOf(`container-test-${process.pid}`);
  // Where the machine has no cgroup2 nothing tells by it.
  if (cgroup === undefined) return;
  const { container, folder } = start("echo up; sleep 1000", cgroup);
  await line(folder);
  const { stdout } = Bun.spawnSync(container.command(["cat", "/proc/self/cgroup"]));
  expect(stdout.toString()).toContain(basename(cgroup));
  container.kill();
  await container.exited;
  await until(() => {
    removeCgroup(cgroup);
    return !existsSync(cgroup);
  });
});

test("killCgroup() passes over what is not there", () => {
  killCgroup(undefined);
  killCgroup("/sys/fs/cgroup/no-such-group");
});
