import { expect, test } from "bun:test";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { servePlain } from "#lib/net/plain-http.ts";
import { connect } from "./cluster.ts";

test("connect() reaches the cluster that the kubeconfig names", async () => {
  const server = servePlain({ ip: "127.0.0.1", port: 0 }, ({ path, header }) => ({
    status: 200,
    body: `${path} ${header("impersonate-user")}`,
  }));
  const folder = await mkdtemp(join(tmpdir(), "cluster-"));
  try {
    const file = join(folder, "config");
    await writeFile(
      file,
      `apiVersion: v1\nkind: Config\ncurrent-context: a\nclusters: [{name: c, cluster: {server: "http://127.0.0.1:${server.port}"}}]\nusers: [{name: u, user: {token: t}}]\ncontexts: [{name: a, context: {cluster: c, user: u, namespace: shop}}]\n`,
    );
    const { client, namespace } = await connect({ kubeconfig: file });
    expect(namespace).toBe("shop");
    expect(await client.text("/version")).toBe("/version undefined");
    const other = await connect({ kubeconfig: file, as: "jane" });
    expect(await other.client.text("/version")).toBe("/version jane");
    expect(await connect({ kubeconfig: file, asGroup: "ops" }).catch(String)).toContain(
      "name a user by --as too",
    );
  } finally {
    server.stop();
    await rm(folder, { recursive: true });
  }
});
