import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { createKubeClient, type KubeClient } from "#lib/k8s/client.ts";
import { KubeError } from "#lib/k8s/kube-error.ts";
import {
  CONFIG_MAPS,
  DEPLOYMENTS,
  MUTATING_WEBHOOK_CONFIGURATIONS,
  NAMESPACES,
  PODS,
  type Resource,
  SERVICE_ACCOUNTS,
  SERVICES,
  TOKEN_REVIEWS,
} from "#lib/k8s/resource.ts";
import type { KubeObject } from "#lib/k8s/types/meta.ts";
import type { WatchEvent } from "#lib/k8s/watch.ts";
import { createLogger, LogFilter } from "#lib/log/logger.ts";
import { type Listener, listen } from "#lib/net/listener.ts";
import { type PlainServer, servePlain } from "#lib/net/plain-http.ts";
import { TlsCredentials } from "#lib/net/tls.ts";
import { systemClock } from "#lib/sys/system-clock.ts";
import { FakeAuthority } from "../../test/fake/authority.ts";
import { createKubeApi, type KubeApi } from "./server.ts";

const authority = new FakeAuthority("root");
const { keyPem, chainPem } = authority.issue("localhost");
const onFault = (error: Error): void => {
  throw error;
};
const filter = new LogFilter();
filter.set("off");
const logger = createLogger({ filter, format: "plain", wall: () => 0, write: () => undefined });

let api: KubeApi;
let listener: Listener;
let webhook: PlainServer;
let admin: KubeClient;
let seen: string[] = [];
let url = "";

const clientOf = (token: string): KubeClient =>
  createKubeClient({ server: url, ca: authority.anchorsPem, token: () => token });

const code = (promise: Promise<unknown>): Promise<string> =>
  promise.then(
    () => "none",
    (error: unknown) => (error instanceof KubeError ? error.code : String(error)),
  );

const ask = (path: string, init: RequestInit & { readonly token?: string } = {}) =>
  fetch(`${url}${path}`, {
    ...init,
    headers: { authorization: `Bearer ${init.token ?? "admin"}`, ...init.headers },
    tls: { ca: authority.anchorsPem },
  });

beforeAll(async () => {
  const hook = authority.issue("hook.mesh.svc");
  webhook = servePlain(
    { ip: "127.0.0.1", port: 0, tls: { keyPem: hook.keyPem, chainPem: hook.chainPem } },
    async (request) => {
      const { request: review } = JSON.parse(await request.text());
      seen.push(`${review.operation} ${review.name}`);
      const patch = [{ op: "add", path: "/metadata/annotations", value: { seen: "yes" } }];
      const response =
        review.name === "refused"
          ? { uid: review.uid, allowed: false, status: { message: "not this one" } }
          : {
              uid: review.uid,
              allowed: true,
              patchType: "JSONPatch",
              patch: btoa(JSON.stringify(patch)),
            };
      return { status: 200, body: JSON.stringify({ response }), contentType: "application/json" };
    },
  );
  let ids = 0;
  api = await createKubeApi({
    clock: systemClock,
    logger,
    onFault,
    uid: () => `00000000-0000-4000-8000-${String(ids++).padStart(12, "0")}`,
    random: Math.random,
    serviceCidr: "10.96.0.0/16",
    tls: new TlsCredentials({ keyPem, chainPem, anchorsPem: authority.anchorsPem }),
    tokens: new Map([
      ["admin", { username: "admin", groups: ["system:masters"] }],
      ["guest", { username: "guest", groups: [] }],
    ]),
    dialService: async ({ name }) => {
      if (name === "hook") return { ip: "127.0.0.1", port: webhook.port };
      throw new Error(`service "${name}" has no endpoints`);
    },
  });
  listener = listen({ ip: "127.0.0.1", port: 0 }, (stream) => api.handle(stream), onFault);
  url = `https://localhost:${listener.port}`;
  admin = clientOf("admin");
  await admin.create(NAMESPACES, { metadata: { name: "mesh" } });
  await admin.create(SERVICE_ACCOUNTS, { metadata: { name: "default", namespace: "mesh" } });
});

afterAll(() => {
  api.stop();
  listener.stop();
  webhook.stop();
});

const map = (name: string, data: Record<string, string> = {}) => ({
  metadata: { name, namespace: "mesh" },
  data,
});
const pod = (name: string) =>
  ({
    metadata: { name, namespace: "mesh" },
    spec: { containers: [{ name: "c", image: "i" }] },
  }) as never;

describe("objects", () => {
  test("are created, read, replaced, patched and deleted", async () => {
    const made = await admin.create(CONFIG_MAPS, map("crud", { a: "1" }));
    expect(made.metadata?.uid).toBeString();
    expect(await code(admin.create(CONFIG_MAPS, map("crud")))).toBe("already-exists");
    const replaced = await admin.replace(CONFIG_MAPS, { ...made, data: { a: "2" } });
    expect(await code(admin.replace(CONFIG_MAPS, made))).toBe("conflict");
    expect(replaced.data).toEqual({ a: "2" });
    const name = { name: "crud", namespace: "mesh" };
    const patch = (type: "json" | "merge" | "strategic", body: unknown) =>
      admin.patch(CONFIG_MAPS, name, { type, body });
    await patch("json", [{ op: "add", path: "/data/b", value: "3" }]);
    await patch("merge", { data: { a: null } });
    expect((await patch("strategic", { data: { c: "4" } })).data).toEqual({ b: "3", c: "4" });
    await admin.delete(CONFIG_MAPS, name);
    await admin.delete(CONFIG_MAPS, name);
    expect(await admin.get(CONFIG_MAPS, name)).toBeUndefined();
  });

  test("have owners of their fields", async () => {
    const name = { name: "owned", namespace: "mesh" };
    const apply = (fieldManager: string, data?: Record<string, string>, force = false) =>
      admin.patch(CONFIG_MAPS, name, {
        type: "apply",
        fieldManager,
        force,
        body: {
          apiVersion: "v1",
          kind: "ConfigMap",
          metadata: { name: "owned" },
          ...(data && { data }),
        },
      });
    await apply("one", { a: "1", b: "1" });
    expect(await code(apply("two", { a: "2" }))).toBe("conflict");
    await apply("two", { a: "2" }, true);
    const after = await apply("one");
    expect(after.data).toEqual({ a: "2" });
    expect(after.metadata?.managedFields?.map(({ manager }) => manager)).toEqual(["two"]);
  });

  test("of a finalizer stay until it is gone; pods with a node until their grace is over", async () => {
    await admin.create(CONFIG_MAPS, {
      metadata: { name: "held", namespace: "mesh", finalizers: ["x/y"] },
    });
    const name = { name: "held", namespace: "mesh" };
    await admin.delete(CONFIG_MAPS, name);
    expect((await admin.get(CONFIG_MAPS, name))?.metadata?.deletionTimestamp).toBeString();
    await admin.patch(CONFIG_MAPS, name, {
      type: "merge",
      body: { metadata: { finalizers: null } },
    });
    expect(await admin.get(CONFIG_MAPS, name)).toBeUndefined();
    await admin.create(PODS, pod("graceful"));
    await admin.patch(
      PODS,
      { name: "graceful", namespace: "mesh" },
      { type: "merge", body: { spec: { nodeName: "n" } } },
    );
    await admin.delete(PODS, { name: "graceful", namespace: "mesh" });
    const leaving = await admin.get(PODS, { name: "graceful", namespace: "mesh" });
    expect(leaving?.metadata?.deletionGracePeriodSeconds).toBe(30);
    await ask("/api/v1/namespaces/mesh/pods/graceful?gracePeriodSeconds=0", { method: "DELETE" });
    expect(await admin.get(PODS, { name: "graceful", namespace: "mesh" })).toBeUndefined();
  });

  test("get their defaults", async () => {
    const service = await admin.create(SERVICES, {
      metadata: { name: "s", namespace: "mesh" },
      spec: { ports: [{ port: 80 }] },
    });
    expect(service.spec?.clusterIP).toStartWith("10.96.0.");
    expect(service.spec?.ports).toEqual([{ port: 80, protocol: "TCP", targetPort: 80 }] as never);
    const made = await admin.create(PODS, pod("defaults"));
    expect(made.spec?.volumes?.[0]?.name).toStartWith("kube-api-access-");
    expect(made.spec?.containers[0]?.volumeMounts?.[0]?.mountPath).toBe(
      "/var/run/secrets/kubernetes.io/serviceaccount",
    );
    const deployment = await admin.create(DEPLOYMENTS, {
      metadata: { name: "d", namespace: "mesh" },
      spec: {
        selector: { matchLabels: { a: "b" } },
        template: { metadata: { labels: { a: "b" } }, spec: { containers: [{ name: "c" }] } },
      },
    } as never);
    expect(deployment.spec).toMatchObject({
      replicas: 1,
      revisionHistoryLimit: 10,
      strategy: { type: "RollingUpdate" },
    });
    expect(
      await (await ask("/apis/apps/v1/namespaces/mesh/deployments/d/scale")).json(),
    ).toMatchObject({ kind: "Scale", spec: { replicas: 1 } });
    const scaled = await ask("/apis/apps/v1/namespaces/mesh/deployments/d/scale", {
      method: "PATCH",
      headers: { "content-type": "application/merge-patch+json" },
      body: '{"spec":{"replicas":3}}',
    });
    expect(await scaled.json()).toMatchObject({ spec: { replicas: 3 } });
  });

  test("in pages, by selectors", async () => {
    for (const name of ["p1", "p2", "p3"])
      await admin.create(CONFIG_MAPS, {
        metadata: { name, namespace: "mesh", labels: { page: name } },
      });
    const labelSelector = "page in (p1, p2,p3),page!=p3";
    const first = await admin.list(CONFIG_MAPS, { namespace: "mesh", labelSelector, limit: 1 });
    const next = first.metadata?._continue ?? (first.metadata as { continue?: string }).continue;
    const rest = await admin.list(CONFIG_MAPS, {
      namespace: "mesh",
      labelSelector,
      limit: 1,
      continue: next,
    });
    expect([...first.items, ...rest.items].map(({ metadata }) => metadata?.name)).toEqual([
      "p1",
      "p2",
    ]);
    const named = await admin.list(CONFIG_MAPS, { fieldSelector: "metadata.name=p3" });
    expect(named.items).toHaveLength(1);
  });
});

test("watch() tells changes from a version on, and 410 where that is gone", async () => {
  const abort = new AbortController();
  const { metadata } = await admin.list(CONFIG_MAPS, { namespace: "mesh" });
  const resourceVersion = metadata?.resourceVersion ?? "";
  const events: WatchEvent[] = [];
  await admin.create(CONFIG_MAPS, map("watched"));
  const watch = {
    namespace: "mesh",
    fieldSelector: "metadata.name=watched",
    resourceVersion,
    signal: abort.signal,
  };
  for await (const event of admin.watch(CONFIG_MAPS, watch)) {
    events.push(event);
    if (events.length === 1)
      await admin.delete(CONFIG_MAPS, { name: "watched", namespace: "mesh" });
    else break;
  }
  expect(events.map(({ type }) => type)).toEqual(["ADDED", "DELETED"]);
  api.store.compact();
  const expired: WatchEvent[] = [];
  for await (const event of admin.watch(CONFIG_MAPS, watch)) expired.push(event);
  expect(expired).toEqual([{ type: "EXPIRED" }]);
  abort.abort();
});

test("webhooks change and refuse; a failing one is ignored where its policy says so", async () => {
  const hook = (name: string, service: string, failurePolicy: string) =>
    ({
      metadata: { name },
      webhooks: [
        {
          name: `${name}.x`,
          admissionReviewVersions: ["v1"],
          sideEffects: "None",
          failurePolicy,
          namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": "mesh" } },
          clientConfig: {
            service: { namespace: "mesh", name: service, path: "/" },
            caBundle: btoa(authority.anchorsPem),
          },
          rules: [
            {
              operations: ["CREATE"],
              apiGroups: [""],
              apiVersions: ["v1"],
              resources: ["configmaps"],
            },
          ],
        },
      ],
    }) as never;
  await admin.create(MUTATING_WEBHOOK_CONFIGURATIONS, hook("good", "hook", "Fail"));
  await admin.create(MUTATING_WEBHOOK_CONFIGURATIONS, hook("away", "away", "Ignore"));
  seen = [];
  const made = await admin.create(CONFIG_MAPS, map("hooked"));
  expect(made.metadata?.annotations).toEqual({ seen: "yes" });
  expect(await code(admin.create(CONFIG_MAPS, map("refused")))).toBe("forbidden");
  expect(seen).toEqual(["CREATE hooked", "CREATE refused"]);
  for (const name of ["good", "away"])
    await admin.delete(MUTATING_WEBHOOK_CONFIGURATIONS, { name });
  await admin.create(MUTATING_WEBHOOK_CONFIGURATIONS, hook("away", "away", "Fail"));
  expect(await code(admin.create(CONFIG_MAPS, map("late")))).toBe("server");
  await admin.delete(MUTATING_WEBHOOK_CONFIGURATIONS, { name: "away" });
});

test("tokens are issued, reviewed and used", async () => {
  const token = api.issueToken({ namespace: "mesh", serviceAccount: "default" });
  const review = async (spec: unknown) => {
    const made = await admin.create(TOKEN_REVIEWS, { metadata: {}, spec } as never);
    return made.status;
  };
  expect(await review({ token })).toMatchObject({
    authenticated: true,
    user: { username: "system:serviceaccount:mesh:default" },
  });
  const other = await review({ token, audiences: ["x"] });
  expect(other).toMatchObject({ authenticated: false });
  expect(other?.error).toContain("token audiences");
  expect(await review({ token: "a.b.c" })).toMatchObject({ authenticated: false });
  const answer = await ask("/api/v1/namespaces/mesh/serviceaccounts/default/token", {
    method: "POST",
    body: '{"spec":{"audiences":["x"]}}',
  });
  const { status } = (await answer.json()) as { status: { token: string } };
  expect(await review({ token: status.token, audiences: ["x"] })).toMatchObject({
    authenticated: true,
    audiences: ["x"],
  });
  expect(await code(clientOf(token).list(PODS))).toBe("forbidden");
  expect(await code(clientOf("wrong").list(PODS))).toBe("unauthorized");
  expect(await code(clientOf("guest").list(PODS))).toBe("forbidden");
});

test("RBAC decides", async () => {
  const rbac = (plural: string, kind: string): Resource => ({
    group: "rbac.authorization.k8s.io",
    version: "v1",
    plural,
    kind,
    namespaced: true,
  });
  await admin.create(rbac("roles", "Role"), {
    metadata: { name: "reader", namespace: "mesh" },
    rules: [{ apiGroups: [""], resources: ["pods"], verbs: ["list"] }],
  } as KubeObject);
  await admin.create(rbac("rolebindings", "RoleBinding"), {
    metadata: { name: "reader", namespace: "mesh" },
    roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "Role", name: "reader" },
    subjects: [{ kind: "User", name: "guest" }],
  } as KubeObject);
  const guest = clientOf("guest");
  expect(await code(guest.list(PODS, { namespace: "mesh" }))).toBe("none");
  expect(await code(guest.list(PODS, { namespace: "default" }))).toBe("forbidden");
  const review = (verb: string) =>
    ask("/apis/authorization.k8s.io/v1/selfsubjectaccessreviews", {
      method: "POST",
      token: "guest",
      body: JSON.stringify({
        spec: { resourceAttributes: { verb, resource: "pods", namespace: "mesh" } },
      }),
    }).then(
      async (answer) => ((await answer.json()) as { status: { allowed: boolean } }).status.allowed,
    );
  expect([await review("list"), await review("delete")]).toEqual([true, false]);
});

test("kinds of CustomResourceDefinitions are served at once, checked and filled in", async () => {
  const definitions: Resource = {
    group: "apiextensions.k8s.io",
    version: "v1",
    plural: "customresourcedefinitions",
    kind: "CustomResourceDefinition",
    namespaced: false,
  };
  await admin.create(definitions, {
    metadata: { name: "widgets.example.com" },
    spec: {
      group: "example.com",
      scope: "Namespaced",
      names: { plural: "widgets", kind: "Widget" },
      versions: [
        {
          name: "v1",
          served: true,
          storage: true,
          additionalPrinterColumns: [{ name: "Size", type: "integer", jsonPath: ".spec.size" }],
          schema: {
            openAPIV3Schema: {
              type: "object",
              properties: {
                spec: {
                  type: "object",
                  required: ["size"],
                  properties: {
                    size: { type: "integer" },
                    color: { type: "string", default: "red" },
                  },
                },
              },
            },
          },
        },
      ],
    },
  } as KubeObject);
  const widgets: Resource<KubeObject & { spec?: unknown }> = {
    group: "example.com",
    version: "v1",
    plural: "widgets",
    kind: "Widget",
    namespaced: true,
  };
  const made = await admin.create(widgets, {
    metadata: { name: "w", namespace: "mesh" },
    spec: { size: 3, lost: true },
  });
  expect(made.spec).toEqual({ size: 3, color: "red" });
  expect(
    await code(
      admin.create(widgets, { metadata: { name: "v", namespace: "mesh" }, spec: { size: "x" } }),
    ),
  ).toBe("invalid");
  const table = await ask("/apis/example.com/v1/widgets", {
    headers: { accept: "application/json;as=Table;v=v1;g=meta.k8s.io" },
  });
  expect(await table.json()).toMatchObject({ kind: "Table", rows: [{ cells: ["w", 3] }] });
});

describe("paths", () => {
  test.each([
    "/version",
    "/livez",
    "/api",
    "/apis",
    "/api/v1",
    "/apis/apps",
    "/apis/apps/v1",
    "/openapi/v2",
    "/openapi/v3",
    "/openapi/v3/apis/apps/v1",
    "/openid/v1/jwks",
  ])("%s is there", async (path) => {
    expect((await ask(path)).status).toBe(200);
  });

  test("are refused where nothing is", async () => {
    expect((await ask("/apis/none/v1")).status).toBe(404);
    expect((await ask("/api/v1/nothings")).status).toBe(404);
    expect((await ask("/api/v1/pods", { method: "PURGE" })).status).toBe(405);
    expect((await ask("/api/v1/namespaces", { method: "POST", body: "{" })).status).toBe(400);
  });

  test("give the aggregated discovery", async () => {
    const accept = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";
    expect(await (await ask("/apis", { headers: { accept } })).json()).toMatchObject({
      kind: "APIGroupDiscoveryList",
    });
  });

  test.each(["pods", "services", "nodes", "events", "secrets", "configmaps", "namespaces"])(
    "%s come as tables",
    async (plural) => {
      const table = await ask(`/api/v1/${plural}`, {
        headers: { accept: "application/json;as=Table;v=v1;g=meta.k8s.io" },
      });
      expect(await table.json()).toMatchObject({ kind: "Table" });
    },
  );
});

test("faults are injected for as many requests as asked", async () => {
  api.faults.inject({
    match: "GET /api/v1/nodes",
    times: 1,
    fault: { type: "status", status: 429, retryAfterSeconds: 1 },
  });
  const first = await ask("/api/v1/nodes");
  expect([first.status, first.headers.get("retry-after")]).toEqual([429, "1"]);
  expect((await ask("/api/v1/nodes")).status).toBe(200);
  api.faults.clear();
});

test("logs come from the node", async () => {
  await admin.create(PODS, pod("logged"));
  expect((await ask("/api/v1/namespaces/mesh/pods/logged/log")).status).toBe(503);
  api.setNode({
    log: async function* ({ container }) {
      yield Buffer.from(`${container}: `);
      yield Buffer.from("hello\n");
    },
    run: () => {
      throw new Error("no sessions here");
    },
  });
  expect(await (await ask("/api/v1/namespaces/mesh/pods/logged/log")).text()).toBe("c: hello\n");
  expect((await ask("/api/v1/namespaces/mesh/pods/logged/log?container=x")).status).toBe(400);
});

test("@kubernetes/client-node lists and creates with a token and the CA in NODE_EXTRA_CA_CERTS", async () => {
  const directory = mkdtempSync(`${tmpdir()}/kube-api-`);
  try {
    writeFileSync(`${directory}/ca.pem`, authority.anchorsPem);
    const script = `
      const { KubeConfig, CoreV1Api } = await import("@kubernetes/client-node");
      const config = new KubeConfig();
      config.loadFromClusterAndUser({ name: "c", server: "${url}" }, { name: "u", token: "admin" });
      const core = config.makeApiClient(CoreV1Api);
      await core.createNamespacedConfigMap({ namespace: "mesh", body: { metadata: { name: "official" }, data: { a: "b" } } });
      const { items } = await core.listNamespacedConfigMap({ namespace: "mesh" });
      console.log(items.some(({ metadata }) => metadata.name === "official"));`;
    const child = Bun.spawn([process.execPath, "-e", script], {
      env: { NODE_EXTRA_CA_CERTS: `${directory}/ca.pem` },
      cwd: `${import.meta.dir}/../..`,
      stdout: "pipe",
      stderr: "pipe",
    });
    const [out, error] = await Promise.all([child.stdout.text(), child.stderr.text()]);
    expect([out.trim(), error]).toEqual(["true", ""]);
  } finally {
    rmSync(directory, { recursive: true });
  }
}, 20_000);
