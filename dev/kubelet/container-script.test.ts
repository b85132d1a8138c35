import { expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { type ContainerPlan, containerCommand, quote } from "./container-script.ts";

const run = (change: Partial<ContainerPlan>): { out: string; err: string; code: number } => {
  const layer = mkdtempSync("/run/container-test-");
  try {
    const mounted = Bun.spawnSync(["mount", "-t", "tmpfs", "tmpfs", layer]);
    expect(mounted.exitCode).toBe(0);
    const plan: ContainerPlan = {
      cgroup: undefined,
      layer,
      hostname: "box",
      mounts: [],
      readOnlyRoot: false,
      uid: 2102,
      gid: 2102,
      capabilities: [],
      noNewPrivileges: true,
      workingDir: "/",
      command: ["sh", "-c", "true"],
      ...change,
    };
    const { stdout, stderr, exitCode } = Bun.spawnSync(containerCommand(plan));
    return { out: stdout.toString(), err: stderr.toString(), code: exitCode };
  } finally {
    Bun.spawnSync(["umount", "-l", layer]);
    rmSync(layer, { recursive: true });
  }
};

test("a container has its own process ids, host name and user, and no capability", () => {
  const script = "echo $$; hostname; id -u; grep -E 'Cap(Prm|Bnd)|NoNewPrivs' /proc/self/status";
  const { out, err, code } = run({ command: ["sh", "-c", script] });
  expect(err).toBe("");
  expect(code).toBe(0);
  expect(out.split(/\s+/).filter((word) => word !== "")).toEqual([
    ...["1", "box", "2102", "CapPrm:", "0000000000000000", "CapBnd:", "0000000000000000"],
    ...["NoNewPrivs:", "1"],
  ]);
});

test("mounts appear, folders and files, and the machine's own tree stays as it was", () => {
  const file = "/run/container-test-file";
  writeFileSync(file, "hello");
  try {
    const { out, err } = run({
      uid: 0,
      gid: 0,
      mounts: [{ source: file, target: "/nowhere/else/hello", readOnly: true }],
      command: ["sh", "-c", "cat /nowhere/else/hello; echo no > /nowhere/else/hello; ls /run"],
    });
    expect(out).toBe("hello");
    expect(err).toContain("Read-only");
  } finally {
    rmSync(file);
  }
});

test("a read-only root refuses writes; the exit status is the program's", () => {
  const { err, code } = run({
    readOnlyRoot: true,
    command: ["sh", "-c", "echo > /tmp/read-only-root || exit 7"],
  });
  expect(err).toContain("Read-only");
  expect(code).toBe(7);
});

test("root keeps exactly the capabilities that it was given", () => {
  const { out } = run({
    uid: 0,
    gid: 0,
    capabilities: ["NET_ADMIN"],
    command: ["sh", "-c", "grep CapEff /proc/self/status"],
  });
  expect(out).toContain("0000000000001000");
});

test.each([
  ["plain/path-1", "plain/path-1"],
  ["it's", `'it'\\''s'`],
  ["", "''"],
])("quote() %s", (text, expected) => {
  expect(quote(text)).toBe(expected);
});
