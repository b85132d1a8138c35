import { afterAll, beforeAll, expect, test } from "bun:test";
import { chmodSync, existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { parseDocument, splitDocuments } from "../cli/inject/yaml.ts";
import { applyAll } from "../dev/apply.ts";
import { discoverResource } from "../lib/k8s/discovery.ts";
import { CONFIG_MAPS, NAMESPACES } from "../lib/k8s/resource.ts";
import type { KubeObject } from "../lib/k8s/types/meta.ts";
import { commandsOf, pages, pageText } from "./e2e/docs.ts";
import { output } from "./e2e/shell.ts";
import { runCommand } from "./fake/cli.ts";
import { FakeCluster } from "./fake/kube-cluster.ts";

/** The pages' commands in a real shell, against the API in memory: no proxy runs there, so what `check` finds does not count. */

type Answer = { readonly status: number; readonly out: string; readonly err: string };

const dir = mkdtempSync(`${tmpdir()}/docs-run-`);
let cluster: FakeCluster;
let server: ReturnType<typeof Bun.serve>;

beforeAll(async () => {
  cluster = await FakeCluster.start();
  server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    fetch: async (request) => {
      const [name, ...words] = JSON.parse(request.headers.get("x-words") ?? "[]") as string[];
      const stdin = await request.text();
      const run = name === "kubectl" ? kubectl(words, stdin) : bunkerd(words, stdin);
      return Response.json(
        await run.catch((error: unknown): Answer => ({ status: 1, out: "", err: String(error) })),
      );
    },
  });
  for (const name of ["bunkerd", "kubectl"]) {
    const stub = `const input = process.argv.includes("-") ? await Bun.stdin.text() : "";
const answer = await fetch("${server.url}", { method: "POST", body: input,
  headers: { "x-words": JSON.stringify(["${name}", ...process.argv.slice(2)]) } });
const { status, out, err } = await answer.json();
process.stdout.write(out);
process.stderr.write(err);
process.exitCode = status;`;
    writeFileSync(`${dir}/${name}.ts`, stub);
    writeFileSync(`${dir}/${name}`, `#!/bin/sh\nexec ${process.execPath} ${dir}/${name}.ts "$@"\n`);
    chmodSync(`${dir}/${name}`, 0o755);
  }
});
afterAll(async () => {
  await server.stop(true);
  cluster.stop();
  rmSync(dir, { recursive: true });
});

async function bunkerd(given: readonly string[], stdin: string): Promise<Answer> {
  // The command line runs here, not in the page's folder.
  const words = given.map((word) =>
    word.includes(".") && existsSync(`${dir}/${word}`) ? `${dir}/${word}` : word,
  );
  const world = { client: cluster.admin, stdin, wall: Date.now() };
  const answer = await runCommand(given[0] === "check" ? [...words, "--wait", "0"] : words, world);
  return given[0] === "check" ? { ...answer, status: 0 } : answer;
}

const objectsOf = (yaml: string): KubeObject[] =>
  splitDocuments("stdin", yaml).map((each) => parseDocument(each) as KubeObject);

/** As much of kubectl as the pages use. */
async function kubectl(words: readonly string[], stdin: string): Promise<Answer> {
  const client = cluster.admin;
  let out = "";
  if (words[0] === "apply") await applyAll(client, objectsOf(stdin));
  else if (words[0] === "delete") return await remove(objectsOf(stdin));
  else if (words.includes("configmap")) {
    const name = words[words.indexOf("configmap") + 1] ?? "";
    const map = await client.get(CONFIG_MAPS, { name, namespace: "linkerd" });
    out = map?.data?.["ca-bundle.crt"] ?? "";
  }
  return { status: 0, out, err: "" };
}

async function remove(objects: readonly KubeObject[]): Promise<Answer> {
  const client = cluster.admin;
  if (objects.length === 0) return { status: 1, out: "", err: "no objects passed to delete\n" };
  const named = await Promise.all(
    objects.map(async ({ apiVersion = "", kind = "", metadata: { name = "", namespace } = {} }) => {
      const resource = await discoverResource(client, { apiVersion, kind });
      if (resource === undefined) throw new Error(`Cannot delete ${kind}: nobody serves it`);
      return { resource, at: { name, namespace } };
    }),
  );
  // What goes with its namespace may be gone by its turn.
  for (const { resource, at } of named)
    if ((await client.get(resource, at)) === undefined)
      return { status: 1, out: "", err: `${resource.kind} not found\n` };
  for (const { resource, at } of named) await client.delete(resource, at);
  return { status: 0, out: "", err: "" };
}

const ran: string[] = [];

/** Runs the commands of a page that are not examples, in order; a pipe fails where its first part does. */
async function run(page: string): Promise<void> {
  ran.push(page);
  for (const { text, line } of commandsOf(pageText(page)).filter(({ example }) => !example))
    await output(["bash", "-ec", `set -o pipefail; cd ${dir}; ${text}`], {
      env: { PATH: `${dir}:${Bun.env["PATH"]}` },
      timeoutSeconds: 60,
    }).catch((error: Error) => {
      throw new Error(`${page}, line ${line}: ${error.message}`);
    });
}

test("install, troubleshooting, certificates, upgrade and uninstall work as they are written", async () => {
  const anchors = async (): Promise<string> =>
    (
      await cluster.admin.get(CONFIG_MAPS, {
        name: "linkerd-identity-trust-roots",
        namespace: "linkerd",
      })
    )?.data?.["ca-bundle.crt"] ?? "";
  await run("install.md");
  const first = await anchors();
  expect(first).toContain("BEGIN CERTIFICATE");
  await run("troubleshooting.md");
  await run("certificates.md");
  expect(await anchors()).toBe(await Bun.file(`${dir}/new-ca.crt`).text());
  await run("upgrade.md");
  expect(await anchors()).toBe(await Bun.file(`${dir}/new-ca.crt`).text());
  await run("uninstall.md");
  const left = await cluster.until("the namespaces are gone", async () => {
    const { items } = await cluster.admin.list(NAMESPACES);
    return items.every(({ metadata }) => !metadata?.name?.startsWith("linkerd"));
  });
  expect(left).toBe(true);
  // No other page has commands that are to be run.
  const runnable = pages().filter((page) => commandsOf(pageText(page)).some((it) => !it.example));
  expect(runnable.toSorted()).toEqual(ran.toSorted());
}, 60_000);
