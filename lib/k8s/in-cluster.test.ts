import { expect, test } from "bun:test";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { readInCluster } from "./in-cluster.ts";

test("readInCluster() reads the pod's files, token and CA at each request", async () => {
  const directory = await mkdtemp(`${tmpdir()}/sa-`);
  try {
    await writeFile(`${directory}/ca.crt`, "CA");
    await writeFile(`${directory}/token`, "one\n");
    const access = await readInCluster({ host: "fd00::1", port: "443", directory });
    const ca = async (): Promise<string | undefined> =>
      typeof access.ca === "function" ? await access.ca() : access.ca;
    expect([access.server, await ca()]).toEqual(["https://[fd00::1]:443", "CA"]);
    await writeFile(`${directory}/ca.crt`, "CA of later");
    expect(await ca()).toBe("CA of later");
    expect(await access.token?.()).toBe("one");
    await writeFile(`${directory}/token`, "two");
    expect(await access.token?.()).toBe("two");
  } finally {
    await rm(directory, { recursive: true });
  }
});

test("readInCluster() says what is missing", async () => {
  const said = async (env: Parameters<typeof readInCluster>[0]): Promise<string> =>
    String(await readInCluster(env).catch((error: unknown) => error));
  expect(await said({ host: undefined, port: "1" })).toContain("KUBERNETES_SERVICE_HOST");
  expect(await said({ host: "h", port: "1", directory: "/nowhere" })).toContain("/nowhere/ca.crt");
});
