import { afterAll, expect, test } from "bun:test";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { loadAll } from "js-yaml";
import type { KubeObject } from "#lib/k8s/types/meta.ts";
import { createCertificates } from "../../deploy/certificates.ts";
import { fakeCluster, runCommand } from "../../test/fake/cli.ts";
import { changed, INSTALLED_MS, installed } from "../../test/fake/installed.ts";

const folder = await mkdtemp(join(tmpdir(), "install-"));
afterAll(() => rm(folder, { recursive: true }));

const world = { wall: INSTALLED_MS };
const objectsOf = (yaml: string): KubeObject[] => loadAll(yaml) as KubeObject[];
const named = (yaml: string, which: string): KubeObject & Record<string, never> =>
  objectsOf(yaml).find(({ kind, metadata }) => `${kind}/${metadata?.name}` === which) as never;

test("install prints the control plane, with values from flags and --set", async () => {
  const words = [
    "install",
    "--ignore-cluster",
    "-L",
    "mesh",
    "--ha",
    "--registry",
    "r.test/x",
    "--set",
    "proxy.uid=3000",
    "--identity-issuance-lifetime",
    "60s",
  ];
  const { status, out } = await runCommand(words, world);
  expect(status).toBe(0);
  const config = named(out, "ConfigMap/linkerd-config") as { data?: Record<string, string> };
  expect(JSON.parse(config.data?.["values"] ?? "")).toMatchObject({
    namespace: "mesh",
    controllerImage: "r.test/x/bunkerd",
    controllerReplicas: 3,
    webhookFailurePolicy: "Fail",
    identity: { issuer: { issuanceLifetime: "60s" } },
    proxy: { uid: 3000, image: { name: "r.test/x/bunkerd" } },
  });
  expect(objectsOf(out).filter(({ kind }) => kind === "Deployment")).toHaveLength(3);
});

test("install --crds and install-cni print theirs, also as JSON", async () => {
  const crds = objectsOf((await runCommand(["install", "--crds"])).out);
  expect(crds.length).toBeGreaterThan(5);
  expect(crds.every(({ kind }) => kind === "CustomResourceDefinition")).toBe(true);
  const gateway = await runCommand(["install", "--crds", "--set", "installGatewayAPI=true"]);
  expect(objectsOf(gateway.out)).toHaveLength(crds.length + 8);
  const { out } = await runCommand([
    "install-cni",
    "--cni-namespace",
    "cni",
    "--redirect",
    "nft",
    "--dest-cni-bin-dir",
    "/bin",
  ]);
  expect(named(out, "DaemonSet/linkerd-cni").metadata?.namespace).toBe("cni");
  expect(out).toContain("--redirect=nft");
  expect((await runCommand(["install-cni", "-o", "json"])).out).toStartWith('{\n  "apiVersion"');
});

test("own certificates are used, and come together or not at all", async () => {
  const own = createCertificates({
    namespace: "linkerd",
    trustDomain: "cluster.local",
    nowMs: INSTALLED_MS,
  });
  const file = async (name: string, text: string): Promise<string> => {
    await writeFile(join(folder, name), text);
    return join(folder, name);
  };
  const anchors = ["--identity-trust-anchors-file", await file("ca.pem", own.anchorsPem)];
  const issuer = [
    "--identity-issuer-certificate-file",
    await file("crt.pem", own.issuer.crtPem),
    "--identity-issuer-key-file",
    await file("key.pem", own.issuer.keyPem),
  ];
  const { out } = await runCommand(["install", "--ignore-cluster", ...anchors, ...issuer], world);
  expect(named(out, "ConfigMap/linkerd-identity-trust-roots")).toMatchObject({
    data: { "ca-bundle.crt": own.anchorsPem },
  });
  expect(await runCommand(["install", "--ignore-cluster", ...anchors], world)).toMatchObject({
    status: 1,
    out: "",
    err: expect.stringContaining("belong together"),
  });
});

test("certificates may be among the values, and are kept with nothing that is set", async () => {
  const own = createCertificates({ namespace: "linkerd", trustDomain: "x", nowMs: INSTALLED_MS });
  const values = {
    identityTrustAnchorsPEM: own.anchorsPem,
    identity: { issuer: { tls: { crtPEM: own.issuer.crtPem, keyPEM: own.issuer.keyPem } } },
  };
  await writeFile(join(folder, "own.yml"), JSON.stringify(values));
  const words = ["install", "--ignore-cluster", "-f", join(folder, "own.yml")];
  const { out } = await runCommand(words, world);
  expect(named(out, "ConfigMap/linkerd-identity-trust-roots")).toMatchObject({
    data: { "ca-bundle.crt": own.anchorsPem },
  });
  const { data } = named(out, "Secret/linkerd-config-overrides") as {
    data?: Record<string, string>;
  };
  const stored = Buffer.from(data?.["linkerd-config-overrides"] ?? "", "base64").toString();
  expect(JSON.parse(stored)).toEqual({});
  expect(JSON.stringify(named(out, "ConfigMap/linkerd-config"))).not.toContain("PRIVATE KEY");
});

test("certificates among the values that do not fit together are refused", async () => {
  const how = { namespace: "linkerd", trustDomain: "x", nowMs: INSTALLED_MS };
  const [own, other] = [createCertificates(how), createCertificates(how)];
  const tls = { crtPEM: own.issuer.crtPem, keyPEM: own.issuer.keyPem };
  const values = { identityTrustAnchorsPEM: other.anchorsPem, identity: { issuer: { tls } } };
  await writeFile(join(folder, "unfit.yml"), JSON.stringify(values));
  const words = ["install", "--ignore-cluster", "-f", join(folder, "unfit.yml")];
  const { status, out, err } = await runCommand(words, world);
  expect([status, out]).toEqual([1, ""]);
  expect(err).toContain("the issuer does not chain to a trust anchor");
});

test("install looks into the cluster first", async () => {
  const refused = async (objects: KubeObject[]): Promise<string> =>
    (await runCommand(["install"], { ...world, client: fakeCluster(objects) })).err;
  expect(await refused(installed())).toContain(
    "ConfigMap linkerd-config exists in namespace linkerd already; bunkerd upgrade goes on with it",
  );
  expect(await refused([])).toContain("the custom resource definitions must be installed first");
  expect((await runCommand(["install"], world)).err).toContain("use --ignore-cluster");
  const crds = installed().filter(({ kind }) => kind === "CustomResourceDefinition");
  expect(await refused(crds)).toBe("");
});

test("install leaves alone what Helm installed", async () => {
  const byHelm = changed("ConfigMap/linkerd-config", ({ metadata }: KubeObject) => {
    Object.assign(metadata ?? {}, { labels: { "app.kubernetes.io/managed-by": "Helm" } });
  });
  const { status, out, err } = await runCommand(["install"], {
    ...world,
    client: fakeCluster(byHelm),
  });
  expect([status, out]).toEqual([1, ""]);
  expect(err).toContain("linkerd-config exists in namespace linkerd already; helm upgrade goes on");
});

test.each([
  [["install", "--ignore-cluster", "--set", "nope=1"], "Cannot use values: nope is not known\n"],
  [
    ["install", "--ignore-cluster", "--default-inbound-policy", "x"],
    "Cannot use values: proxy.defaultInboundPolicy",
  ],
  [["install-cni", "--redirect", "x"], "Allowed choices are auto, ebpf, nft, iptables."],
])("%j is refused", async (words, message) => {
  const { status, out, err } = await runCommand(words, world);
  expect([status, out]).toEqual([1, ""]);
  expect(err).toContain(message);
});

test("inject --manual takes the cluster's configuration", async () => {
  const stdin =
    "kind: Deployment\nmetadata:\n  name: web\nspec:\n  template:\n    spec:\n      containers: []\n";
  const { out, err } = await runCommand(["inject", "--manual", "-"], {
    stdin,
    client: fakeCluster(installed()),
  });
  expect(out).toContain("- name: linkerd-proxy\n");
  expect(err).toBe('\ndeployment "web" injected\n\n');
  const back = await runCommand(["uninject", "-"], { stdin: out });
  expect(back.out).not.toContain("linkerd");
  expect(
    (await runCommand(["inject", "--manual", "--ignore-cluster", "-"], { stdin })).err,
  ).toContain("--identity-trust-anchors-file");
});

test("Linkerd's flags set values; those without effect are told, those that would mislead refused", async () => {
  const { status, out, err } = await runCommand(
    [
      "install",
      "--ignore-cluster",
      "--proxy-uid",
      "3000",
      "--proxy-cpu",
      "10m",
      "--skip-inbound-ports",
      "25",
    ],
    world,
  );
  expect([status, err]).toEqual([
    0,
    "--skip-inbound-ports has no effect: the node agent redirects: give it to bunkerd install-cni\n--proxy-cpu is deprecated: use --proxy-cpu-request\n",
  ]);
  const config = named(out, "ConfigMap/linkerd-config") as { data?: Record<string, string> };
  expect(JSON.parse(config.data?.["values"] ?? "")).toMatchObject({
    proxy: { uid: 3000, resources: { cpu: { request: "10m" } } },
  });
  const wrong = await runCommand(["install", "--proxy-uid", "root"], world);
  expect(wrong.err).toContain("it is not a number");
});

test("what others write of anchors and issuer is not printed", async () => {
  const alone = ["install", "--ignore-cluster", "--identity-external-issuer"];
  const { status, err } = await runCommand(alone, world);
  expect([status, err]).toEqual([
    1,
    expect.stringContaining("Secret linkerd-identity-issuer with ca.crt must be there first"),
  ]);
  const both = ["--identity-external-ca", "--identity-external-issuer"];
  const { out } = await runCommand(["install", ...both, "--ignore-cluster"], world);
  expect(named(out, "Secret/linkerd-identity-issuer")).toBeUndefined();
  expect(named(out, "ConfigMap/linkerd-identity-trust-roots")).toBeUndefined();
  expect(out).toContain("-identity-scheme=kubernetes.io/tls");
});

test("the anchors of an issuer that others wrote are those of its Secret in the cluster", async () => {
  const crds = objectsOf((await runCommand(["install", "--crds"])).out);
  const issuer: KubeObject & { data: Record<string, string> } = {
    ...{ apiVersion: "v1", kind: "Secret" },
    metadata: { name: "linkerd-identity-issuer", namespace: "linkerd" },
    data: { "ca.crt": btoa("CA") },
  };
  const client = fakeCluster([...crds, issuer]);
  const { status, err, out } = await runCommand(["install", "--identity-external-issuer"], {
    ...world,
    client,
  });
  expect([status, err]).toEqual([0, ""]);
  expect(named(out, "Secret/linkerd-identity-issuer")).toBeUndefined();
  expect(named(out, "ConfigMap/linkerd-identity-trust-roots")).toMatchObject({
    data: { "ca-bundle.crt": "CA" },
  });
});

test("install-cni takes what no proxy is to see", async () => {
  const { out, err } = await runCommand(
    ["install-cni", "--skip-inbound-ports", "25,7000-7010", "--use-wait-flag"],
    world,
  );
  expect(err).toBe(
    "--use-wait-flag has no effect: rules are written as a whole, without a lock to wait for\n",
  );
  expect(out).toContain("25,7000-7010");
});
