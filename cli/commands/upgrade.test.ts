import { afterAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { loadAll } from "js-yaml";
import type { KubeObject } from "#lib/k8s/types/meta.ts";
import { POLICY_VALIDATOR, PROFILE_VALIDATOR } from "#lib/k8s/webhooks.ts";
import { createCertificates } from "../../deploy/certificates.ts";
import { renderControlPlane } from "../../deploy/control-plane.ts";
import { renderCrds } from "../../deploy/crds/render.ts";
import { createValues } from "../../deploy/values.ts";
import { keptVersions, readManifests } from "../../test/e2e/versions/kept.ts";
import { fakeCluster, runCommand } from "../../test/fake/cli.ts";
import { INSTALLED_MS } from "../../test/fake/installed.ts";

const overrides = { controllerReplicas: 2, proxy: { logLevel: "info" } };
const certificates = createCertificates({
  namespace: "linkerd",
  trustDomain: "cluster.local",
  nowMs: INSTALLED_MS,
});
/** What version 1.0.0 installed. */
const before = renderControlPlane(createValues("1.0.0", overrides), certificates);
const world = { wall: INSTALLED_MS, client: fakeCluster(before) };

const objectsOf = (yaml: string): KubeObject[] => loadAll(yaml) as KubeObject[];

test("upgrade prints this version with what was set, what is set now, and the same certificates", async () => {
  const { status, out } = await runCommand(["upgrade", "--set", "proxy.uid=3000"], world);
  expect(status).toBe(0);
  const all = { ...overrides, proxy: { ...overrides.proxy, uid: 3000 } };
  const after = renderControlPlane(createValues("1.2.3", all), certificates);
  expect(objectsOf(out)).toEqual(JSON.parse(JSON.stringify(after)));
});

test("upgrade --crds asks no cluster", async () => {
  const { out } = await runCommand(["upgrade", "--crds"]);
  expect(objectsOf(out).every(({ kind }) => kind === "CustomResourceDefinition")).toBe(true);
});

test.each([
  ["ConfigMap/linkerd-config", "values of ConfigMap linkerd-config is missing"],
  ["Secret/linkerd-identity-issuer", "crt.pem of Secret linkerd-identity-issuer is missing"],
])("upgrade without %s says so", async (which, message) => {
  const rest = before.filter(({ kind, metadata }) => `${kind}/${metadata?.name}` !== which);
  const { status, err } = await runCommand(["upgrade"], { client: fakeCluster(rest) });
  expect([status, err]).toEqual([1, expect.stringContaining(message)]);
});

test("upgrade leaves to Helm what Helm installed", async () => {
  const byHelm = before.map((object) =>
    object.metadata?.name === "linkerd-config"
      ? {
          ...object,
          metadata: { ...object.metadata, labels: { "app.kubernetes.io/managed-by": "Helm" } },
        }
      : object,
  );
  const { status, err } = await runCommand(["upgrade"], { client: fakeCluster(byHelm) });
  expect([status, err]).toEqual([1, expect.stringContaining("helm upgrade changes it")]);
});

test.each([
  "linkerd-proxy-injector-k8s-tls",
  "linkerd-policy-validator-k8s-tls",
  "linkerd-sp-validator-k8s-tls",
])("upgrade makes a webhook a new certificate where its own is gone: %s", async (secret) => {
  const rest = before.filter(({ metadata }) => metadata?.name !== secret);
  const { out } = await runCommand(["upgrade"], { ...world, client: fakeCluster(rest) });
  const made = objectsOf(out).find(({ metadata }) => metadata?.name === secret);
  expect(made).toMatchObject({ data: { "tls.crt": expect.any(String) } });
});

const dir = mkdtempSync(`${tmpdir()}/upgrade-`);
afterAll(() => rmSync(dir, { recursive: true }));
const file = (name: string, text: string): string => {
  writeFileSync(`${dir}/${name}`, text);
  return `${dir}/${name}`;
};
const next = createCertificates({
  namespace: "linkerd",
  trustDomain: "cluster.local",
  nowMs: INSTALLED_MS,
});
const anchorsOf = (name: string, pem: string): string[] => [
  "--identity-trust-anchors-file",
  file(name, pem),
];
const issuerOf = (name: string, { crtPem, keyPem }: typeof next.issuer): string[] => [
  ...["--identity-issuer-certificate-file", file(`${name}.crt`, crtPem)],
  ...["--identity-issuer-key-file", file(`${name}.key`, keyPem)],
];
const { issuer } = next;

test("upgrade replaces anchors and issuer one after the other, and no pod template changes", async () => {
  let objects: readonly KubeObject[] = before;
  const both = certificates.anchorsPem + next.anchorsPem;
  const workloads = (all: readonly KubeObject[]): unknown[] =>
    all.filter(({ kind }) => kind === "Deployment" || kind === "DaemonSet");
  const { out: first } = await runCommand(["upgrade"], world);
  for (const [flags, name] of [
    [anchorsOf("both.pem", both), "linkerd-identity-trust-roots"],
    [issuerOf("issuer", issuer), "linkerd-identity-issuer"],
    [anchorsOf("next.pem", next.anchorsPem), "linkerd-identity-trust-roots"],
  ] as const) {
    const { status, out } = await runCommand(["upgrade", ...flags], {
      ...world,
      client: fakeCluster(objects),
    });
    const after = objectsOf(out);
    expect(status).toBe(0);
    expect(workloads(after)).toEqual(workloads(objectsOf(first)));
    const of = (all: readonly KubeObject[]): KubeObject | undefined =>
      all.find(({ metadata }) => metadata?.name === name);
    expect(of(after)).not.toEqual(of(objects) as KubeObject);
    objects = after;
  }
});

test.each([
  [anchorsOf("new.pem", next.anchorsPem), "does not chain to a trust anchor"],
  [issuerOf("issuer", issuer), "does not chain to a trust anchor"],
  [issuerOf("mixed", { ...issuer, crtPem: certificates.issuer.crtPem }), "do not belong together"],
  [issuerOf("empty", { ...issuer, crtPem: "" }), "there is none in the issuer's file"],
  [anchorsOf("bad.pem", "PEM"), "Cannot use trust bundle: it has no certificate"],
  [issuerOf("issuer", issuer).slice(0, 2), "belong together"],
])("upgrade refuses certificates that do not fit: %p", async (flags, problem) => {
  const { status, out, err } = await runCommand(["upgrade", ...flags], world);
  expect([status, out, err]).toEqual([1, "", expect.stringContaining(problem)]);
});

test("upgrade --from-manifests reads what was applied, also as a list, and asks no cluster", async () => {
  const list = file("before.json", JSON.stringify({ kind: "List", items: before }));
  const { status, out } = await runCommand(["upgrade", "--from-manifests", list], {
    wall: INSTALLED_MS,
  });
  expect(status).toBe(0);
  const after = renderControlPlane(createValues("1.2.3", overrides), certificates);
  expect(objectsOf(out)).toEqual(JSON.parse(JSON.stringify(after)));
});

test("upgrade --force does not ask whether certificates fit together", async () => {
  const words = ["upgrade", "--identity-trust-anchors-file", file("other.pem", next.anchorsPem)];
  expect((await runCommand(words, world)).err).toContain("does not chain to a trust anchor");
  const { status, out } = await runCommand([...words, "--force"], world);
  expect([status, out.includes("kind: Deployment")]).toEqual([0, true]);
});

test("L4 wherever an installation ended, install begins it anew or upgrade goes on with it", async () => {
  const crds = renderCrds("linkerd");
  const all = renderControlPlane(createValues("1.2.3"), certificates);
  const ways: string[] = [];
  for (let count = 0; count <= all.length; count++) {
    const there = { ...world, client: fakeCluster([...crds, ...all.slice(0, count)]) };
    const anew = await runCommand(["install"], there);
    const { status, out } = anew.status === 0 ? anew : await runCommand(["upgrade"], there);
    expect(status).toBe(0);
    expect(objectsOf(out)).toHaveLength(all.length);
    ways.push(anew.status === 0 ? "install" : "upgrade");
  }
  const first = ways.indexOf("upgrade");
  expect(first).toBeGreaterThan(0);
  expect(ways.slice(first).every((way) => way === "upgrade")).toBe(true);
  // Nothing that runs is there yet while it is begun anew.
  const begun = all.slice(0, first - 1).map(({ kind }) => kind);
  expect(begun).not.toContain("Deployment");
});

test("L4 a downgrade that does not know what was set says so", async () => {
  const stored = before.map((object) =>
    object.metadata?.name === "linkerd-config-overrides"
      ? { ...object, data: { "linkerd-config-overrides": btoa('{"proxy":{"later":1}}') } }
      : object,
  );
  const { status, out, err } = await runCommand(["upgrade"], {
    ...world,
    client: fakeCluster(stored),
  });
  expect([status, out]).toEqual([1, ""]);
  expect(err).toContain("proxy.later is not known");
});

test.each(keptVersions())(
  "an upgrade from %s keeps every object and certificate, and makes what was not there",
  async (version) => {
    const lists = (await readManifests(version)).map(
      (text) => JSON.parse(text).items as KubeObject[],
    );
    const earlier = lists.flat();
    const { status, out } = await runCommand(["upgrade"], { client: fakeCluster(earlier) });
    const after = objectsOf(out);
    const nameOf = ({ kind, metadata }: KubeObject): string =>
      `${kind}/${metadata?.namespace}/${metadata?.name}`;
    const of = (all: readonly KubeObject[], name: string): unknown =>
      all.find((object) => nameOf(object) === name);
    const before = (lists.at(-1) ?? []).map(nameOf);
    expect([status, before.filter((name) => of(after, name) === undefined)]).toEqual([0, []]);
    for (const name of before.filter((each) => each.startsWith("Secret/"))) {
      if (!name.endsWith("-tls") && !name.endsWith("-issuer")) continue;
      const data = (object: unknown): unknown => (object as { readonly data?: object }).data;
      expect([name, data(of(after, name))]).toEqual([name, data(of(earlier, name))]);
    }
    for (const { secret, configuration } of [POLICY_VALIDATOR, PROFILE_VALIDATOR]) {
      expect(of(after, `Secret/linkerd/${secret}`)).toBeDefined();
      const { kind } = configuration.resource;
      expect(of(after, `${kind}/undefined/${configuration.name}`)).toBeDefined();
    }
  },
);

/** An installation whose anchors and issuer others write, with what they wrote. */
function ofOthers(): KubeObject[] {
  const identity = { externalCA: true, issuer: { scheme: "kubernetes.io/tls" } } as const;
  const values = createValues("1.0.0", { identity });
  const namespace = "linkerd";
  return [
    ...renderControlPlane(values, { ...certificates, issuer: undefined }),
    {
      ...{ apiVersion: "v1", kind: "Secret" },
      metadata: { name: "linkerd-identity-issuer", namespace },
      data: { "tls.crt": btoa("CRT"), "tls.key": btoa("KEY") },
    } as KubeObject,
    {
      ...{ apiVersion: "v1", kind: "ConfigMap" },
      metadata: { name: "linkerd-identity-trust-roots", namespace },
      data: { "ca-bundle.crt": "ANCHORS" },
    } as KubeObject,
  ];
}

test.each<[readonly string[], unknown]>([
  [[], [undefined, undefined]],
  [
    ["--set", "identity.externalCA=false"],
    [undefined, { "ca-bundle.crt": "ANCHORS" }],
  ],
])(
  "upgrade %j of what others write leaves it to them, and takes over what it is to write",
  async (flags, expected) => {
    const client = fakeCluster(ofOthers());
    const { status, err, out } = await runCommand(["upgrade", ...flags], { ...world, client });
    expect([status, err]).toEqual([0, ""]);
    const dataOf = (which: string): unknown =>
      (objectsOf(out) as (KubeObject & { data?: unknown })[]).find(
        ({ metadata }) => metadata?.name === which,
      )?.data;
    expect(["linkerd-identity-issuer", "linkerd-identity-trust-roots"].map(dataOf)).toEqual(
      expected as never,
    );
  },
);

test("upgrade refuses to write an issuer that it does not have", async () => {
  const client = fakeCluster(ofOthers());
  const words = ["upgrade", "--set", "identity.issuer.scheme=linkerd.io/tls"];
  const { status, err } = await runCommand(words, { ...world, client });
  expect([status, err]).toEqual([1, expect.stringContaining("Cannot write an issuer's Secret")]);
});

test("upgrade refuses to write anchors that it cannot see", async () => {
  const client = fakeCluster(
    ofOthers().filter(({ metadata }) => metadata?.name !== "linkerd-identity-trust-roots"),
  );
  const words = ["upgrade", "--set", "identity.externalCA=false"];
  const { status, err } = await runCommand(words, { ...world, client });
  expect([status, err]).toEqual([1, expect.stringContaining("Cannot write trust anchors")]);
});

test("upgrade to an issuer of others no longer prints ours", async () => {
  const words = ["upgrade", "--set", "identity.issuer.scheme=kubernetes.io/tls"];
  const { status, out } = await runCommand(words, world);
  const issuers = objectsOf(out).filter(
    ({ metadata }) => metadata?.name === "linkerd-identity-issuer",
  );
  expect([status, issuers]).toEqual([0, []]);
});
