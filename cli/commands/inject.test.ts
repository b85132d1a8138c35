import { expect, test } from "bun:test";
import { runCommand } from "../../test/fake/cli.ts";

const template = (indent: string, metadata = ""): string =>
  [
    `template:`,
    ...(metadata === "" ? [] : [`  metadata:`, `    ${metadata}`]),
    `  spec:`,
    `    containers:`,
    `    - name: app`,
    `      image: app`,
  ]
    .map((line) => `${indent}${line}\n`)
    .join("");
const MARK = "annotations:\n";
const enabled = (indent: string): string =>
  `${indent}template:\n${indent}  metadata:\n${indent}    ${MARK}${indent}      linkerd.io/inject: enabled\n${indent}  spec:\n${indent}    containers:\n${indent}    - name: app\n${indent}      image: app\n`;

test.each([
  ["Deployment", "apps/v1"],
  ["ReplicaSet", "apps/v1"],
  ["DaemonSet", "apps/v1"],
  ["StatefulSet", "apps/v1"],
  ["Job", "batch/v1"],
  ["ReplicationController", "v1"],
])("a %s is injected in its pod template, and uninjected again", async (kind, apiVersion) => {
  const head = `apiVersion: ${apiVersion}\nkind: ${kind}\nmetadata:\n  name: web\nspec:\n`;
  const { status, out, err } = await runCommand(["inject", "-"], { stdin: head + template("  ") });
  expect(out).toBe(`${head}${enabled("  ")}---\n`);
  expect(err).toBe(`\n${kind.toLowerCase()} "web" injected\n\n`);
  expect(status).toBe(0);
  const back = await runCommand(["uninject", "-"], { stdin: out });
  expect(back.out).toBe(
    `${head}${template("  ", "{}").replace("metadata:\n      {}", "metadata: {}")}---\n`,
  );
  expect(back.err).toBe(`\n${kind.toLowerCase()} "web" uninjected\n\n`);
});

test("a CronJob is injected where its Jobs' pods are described", async () => {
  const head =
    "apiVersion: batch/v1\nkind: CronJob\nmetadata:\n  name: tick\nspec:\n  jobTemplate:\n    spec:\n";
  const { out, err } = await runCommand(["inject", "-"], { stdin: head + template("      ") });
  expect(out).toBe(`${head}${enabled("      ")}---\n`);
  expect(err).toBe('\ncronjob "tick" injected\n\n');
});

test("a Pod and a Namespace are annotated themselves", async () => {
  const pod =
    "apiVersion: v1\nkind: Pod\nmetadata:\n  generateName: job-\nspec:\n  containers: []\n";
  const namespace = "apiVersion: v1\nkind: Namespace\nmetadata:\n  name: shop\n";
  const { out, err } = await runCommand(["inject", "-"], { stdin: `${pod}---\n${namespace}` });
  expect(out).toBe(
    "apiVersion: v1\nkind: Pod\nmetadata:\n  generateName: job-\n  annotations:\n    linkerd.io/inject: enabled\nspec:\n  containers: []\n---\n" +
      "apiVersion: v1\nkind: Namespace\nmetadata:\n  name: shop\n  annotations:\n    linkerd.io/inject: enabled\n---\n",
  );
  expect(err).toBe('\npod "job-" injected\nnamespace "shop" injected\n\n');
  expect((await runCommand(["uninject", "-"], { stdin: out })).err).toBe(
    '\npod "job-" uninjected\nnamespace "shop" uninjected\n\n',
  );
});

test("items of a list are injected one by one; the rest of it stays", async () => {
  const item = (kind: string): string =>
    `- apiVersion: v1\n  kind: ${kind}\n  metadata:\n    name: web\n  spec:\n${template("    ")}`;
  const stdin = `apiVersion: v1\nkind: List\nitems:\n${item("Deployment")}${item("ConfigMap")}`;
  const { out, err } = await runCommand(["inject", "-"], { stdin });
  expect(out.match(/linkerd.io\/inject: enabled/g)?.length).toBe(1);
  expect(err).toBe('\ndeployment "web" injected\nconfigmap "web" skipped\n\n');
});

test("what is not changed keeps its bytes, and a changed document its first comments", async () => {
  const foreign = "# kept   as it is\nkind: Thing\na:    {b: yes}  # here too\n";
  const web = `# the shop\n\nkind: Deployment\nmetadata:\n  name: web\nspec:\n${template("  ")}`;
  const { out, err } = await runCommand(["inject", "-"], {
    stdin: `${foreign}---\n${web}---\n# a note\n`,
  });
  expect(out.startsWith(`${foreign}---\n# the shop\n\nkind: Deployment\n`)).toBe(true);
  expect(out.endsWith("---\n# a note\n---\n")).toBe(true);
  expect(err).toBe('\nthing "" skipped\ndeployment "web" injected\n\n');
});

test("injecting twice is injecting once", async () => {
  const stdin = `kind: Deployment\nmetadata:\n  name: web\nspec:\n${template("  ")}`;
  const once = await runCommand(["inject", "-"], { stdin });
  const twice = await runCommand(["inject", "-"], { stdin: once.out });
  expect(twice).toEqual(once);
});

const pods = (name: string, spec: string, annotations = "{}"): string =>
  `kind: Deployment\nmetadata:\n  name: ${name}\nspec:\n  template:\n    metadata:\n      annotations: ${annotations}\n    spec:\n      ${spec}\n`;

test.each([
  [
    "hostNetwork: true\n      containers: []",
    "{}",
    '‼ "hostNetwork: true" detected in deployment/web\n‼ no supported objects found',
    "skipped",
  ],
  [
    "containers: [{name: istio-proxy}]",
    "{}",
    "‼ known 3rd party sidecar detected in deployment/web\n‼ no supported objects found",
    "skipped",
  ],
  [
    "containers: []",
    "{linkerd.io/inject: disabled}",
    '‼ "linkerd.io/inject: disabled" annotation set on deployment/web\n‼ no supported objects found',
    "skipped",
  ],
  [
    "containers: [{name: dns, ports: [{containerPort: 53, protocol: UDP}]}]",
    "{}",
    '‼ deployment/web uses "protocol: UDP"',
    "injected",
  ],
])("pods with %j and %j: warned", async (spec, annotations, warning, result) => {
  const { err, status } = await runCommand(["inject", "-"], {
    stdin: pods("web", spec, annotations),
  });
  expect(err).toBe(`\n${warning}\n\ndeployment "web" ${result}\n\n`);
  expect(status).toBe(0);
});

test("several are warned of together; --verbose says what is well", async () => {
  const udp = "containers: [{name: dns, ports: [{containerPort: 53, protocol: UDP}]}]";
  const stdin = `${pods("a", udp)}---\n${pods("b", udp)}`;
  const { err } = await runCommand(["inject", "--verbose", "-"], { stdin });
  expect(err).toContain('‼ deployment/a, deployment/b use "protocol: UDP"\n');
  expect(err).toContain("√ pods do not use host networking\n");
});

test("flags become annotations; a Service gets the opaque ports", async () => {
  const service = "kind: Service\nmetadata:\n  name: db\n";
  const words = [
    "inject",
    "--opaque-ports",
    "3306,5432-5440",
    "--skip-inbound-ports=22",
    "--ingress",
    "--proxy-log-level",
    "debug",
    "--wait-before-exit-seconds=5",
    "-",
  ];
  const { out, err } = await runCommand(words, {
    stdin: `${pods("web", "containers: []")}---\n${service}`,
  });
  expect(out).toContain(`        linkerd.io/inject: ingress
        config.linkerd.io/opaque-ports: 3306,5432-5440
        config.linkerd.io/skip-inbound-ports: '22'
        config.linkerd.io/proxy-log-level: debug
        config.alpha.linkerd.io/proxy-wait-before-exit-seconds: '5'
`);
  expect(out).toContain(
    "  name: db\n  annotations:\n    config.linkerd.io/opaque-ports: 3306,5432-5440\n",
  );
  expect(err).toBe('\ndeployment "web" injected\nservice "db" annotated\n\n');
});

test("ingress mode stays, and a proxy added by hand goes", async () => {
  const spec =
    "containers: [{name: app}]\n      initContainers: [{name: linkerd-proxy}]\n      volumes: [{name: linkerd-identity-token}]";
  const { out } = await runCommand(["inject", "-"], {
    stdin: pods("web", spec, "{linkerd.io/inject: ingress}"),
  });
  expect(out).toContain("linkerd.io/inject: ingress");
  expect(out).not.toContain("linkerd-proxy");
  expect(out).not.toContain("volumes");
});

test("uninject takes labels, annotations, containers and volumes; disabled stays", async () => {
  const spec =
    "containers: [{name: app}, {name: linkerd-proxy}]\n      initContainers: [{name: linkerd-init}, {name: mine}]\n      volumes: [{name: mine}, {name: linkerd-identity-end-entity}]";
  const marks =
    "{linkerd.io/inject: disabled, linkerd.io/created-by: x, config.linkerd.io/opaque-ports: '1'}\n      labels: {app: web, linkerd.io/workload-ns: shop}";
  const { out } = await runCommand(["uninject", "-"], { stdin: pods("web", spec, marks) });
  expect(out).toContain(
    "        linkerd.io/inject: disabled\n        config.linkerd.io/opaque-ports: '1'\n      labels:\n        app: web\n    spec:\n",
  );
  expect(out).toContain(
    "      containers:\n      - name: app\n      initContainers:\n      - name: mine\n      volumes:\n      - name: mine\n",
  );
  expect((await runCommand(["uninject", "-"], { stdin: "a: 1\n" })).err).toBe(
    '\ndocument missing "kind" field, skipped\n\n',
  );
});

test("parts of the control plane are not injected by annotation, and keep their marks", async () => {
  const spec = "containers: [{name: app}]";
  const marks =
    "{linkerd.io/created-by: x}\n      labels: {linkerd.io/control-plane-component: identity}";
  const stdin = pods("identity", spec, marks);
  const { status, out, err } = await runCommand(["inject", "-"], { stdin });
  expect([status, out]).toEqual([1, ""]);
  expect(err).toContain("--manual must be set when injecting control plane components");
  expect((await runCommand(["uninject", "-"], { stdin })).out).toBe(`${stdin}---\n`);
});

test("-o json writes objects as JSON, inject and uninject alike", async () => {
  const stdin = `kind: Deployment\nmetadata:\n  name: web\nspec:\n${template("  ")}`;
  const { out } = await runCommand(["inject", "-o", "json", "-"], { stdin });
  expect(JSON.parse(out)).toMatchObject({
    spec: { template: { metadata: { annotations: { "linkerd.io/inject": "enabled" } } } },
  });
  const back = await runCommand(["uninject", "-o", "json", "-"], { stdin: out });
  expect(JSON.parse(back.out)).toMatchObject({ kind: "Deployment" });
  expect(back.out).not.toContain("linkerd.io");
});

test("Linkerd's other flags are taken, told or refused", async () => {
  const stdin = `kind: Pod\nmetadata: {name: a}\nspec: {containers: []}\n`;
  const words = [
    "inject",
    "--registry",
    "r.test",
    "--proxy-memory",
    "1Mi",
    "--enable-debug-sidecar",
    "-",
  ];
  const { out, err } = await runCommand(words, { stdin });
  expect(out).toContain("config.linkerd.io/proxy-image: r.test/bunkerd\n");
  expect(out).toContain("config.linkerd.io/proxy-memory-request: 1Mi\n");
  expect(err).toStartWith(
    "--enable-debug-sidecar has no effect: kubectl debug adds a container to a running pod\n--proxy-memory is deprecated: use --proxy-memory-request\n",
  );
  const refused = await runCommand(["inject", "--disable-identity", "-"], { stdin });
  expect([refused.status, refused.out]).toEqual([1, ""]);
  expect(refused.err).toContain("Cannot inject without identity");
});
