import { expect, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { FakeMesh, until } from "../test/fake/mesh.ts";
import { proxyVariables } from "../test/fake/proxy-variables.ts";

/** What of others' code is in the bundle of an entry, by package. */
async function packagesOf(entry: string): Promise<readonly string[]> {
  const { metafile } = await Bun.build({
    ...{ entrypoints: [entry], target: "bun" as const, metafile: true },
  });
  const names = Object.keys(metafile?.inputs ?? {}).flatMap((path) => {
    const [, name] = /.*node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path) ?? [];
    return name ?? [];
  });
  return [...new Set(names)].sort();
}

test("a sidecar has no room for what only the control plane needs", async () => {
  const folder = import.meta.dir;
  expect(await packagesOf(`${folder}/main.ts`)).toEqual(["ipaddr.js"]);
  expect(await packagesOf(`${folder}/../controller/main.ts`)).toContain("@bufbuild/protobuf");
});

/** Of a process that has started, by its log. */
async function adminPortOf(log: string): Promise<string> {
  let port: string | undefined;
  await until(
    () => {
      [, port] = /Started .* admin=(\d+)/.exec(readFileSync(log, "utf8")) ?? [];
      return port !== undefined;
    },
    () => "the admin port is not logged",
  );
  return port ?? "";
}

test.each([
  ["P57: SIGTERM", (_: string, child: Bun.Subprocess): unknown => child.kill("SIGTERM")],
  [
    "P57: POST /shutdown",
    (admin: string): unknown => fetch(`http://127.0.0.1:${admin}/shutdown`, { method: "POST" }),
  ],
] as const)("%s ends the process", async (_, end) => {
  const mesh = new FakeMesh();
  const dir = mkdtempSync(`${tmpdir()}/main-`);
  writeFileSync(`${dir}/log`, "");
  const nowhere = "127.0.0.1:1";
  const variables = proxyVariables({
    ...{ DESTINATION_SVC_ADDR: nowhere, POLICY_SVC_ADDR: nowhere, IDENTITY_SVC_ADDR: nowhere },
    ...{ IDENTITY_DIR: dir, IDENTITY_TRUST_ANCHORS: mesh.authority.anchorsPem },
    ...{ OUTBOUND_LISTEN_ADDR: "127.0.0.1:0", INBOUND_LISTEN_ADDR: "127.0.0.1:0" },
    ...{ ADMIN_LISTEN_ADDR: "127.0.0.1:0", SHUTDOWN_ENDPOINT_ENABLED: "true" },
  });
  const child = Bun.spawn(["bun", `${import.meta.dir}/../main.ts`, "proxy"], {
    env: { PATH: Bun.env["PATH"], ...variables },
    stdio: ["ignore", "ignore", Bun.file(`${dir}/log`)],
  });
  try {
    await end(await adminPortOf(`${dir}/log`), child);
    expect(await child.exited).toBe(0);
  } finally {
    child.kill("SIGKILL");
    await mesh.stop();
    rmSync(dir, { recursive: true });
  }
});
