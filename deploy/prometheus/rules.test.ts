import { expect, test } from "bun:test";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dump } from "js-yaml";
import { prometheusFiles } from "./files.ts";
import { type Alert, RULES } from "./rules.ts";

const ROOT = new URL("../..", import.meta.url).pathname;
const MESH = { namespace: "linkerd", cniNamespace: "linkerd-cni" };
const rules = RULES.flatMap((group) => group.rules);
const recorded = rules.flatMap((rule) => ("record" in rule ? [rule.record] : []));

/** Every text in the sources of whoever is scraped that may be a metric's name. */
function written(): Set<string> {
  const names = new Set<string>();
  for (const folder of ["proxy", "controller", "cni"])
    for (const path of readdirSync(`${ROOT}/${folder}`, { recursive: true, encoding: "utf8" })) {
      if (!path.endsWith(".ts") || path.endsWith(".test.ts")) continue;
      const text = readFileSync(`${ROOT}/${folder}/${path}`, "utf8");
      for (const [, name = ""] of text.matchAll(/"([a-z][a-z\d]*(?:_[a-z\d]+)+)"/g))
        names.add(name);
    }
  return names;
}

/** The metrics that an expression reads: what is left without texts, labels and functions. */
function metricsIn(expr: string): string[] {
  const bare = expr
    .replaceAll(/"[^"]*"/g, "")
    .replaceAll(/\{[^}]*\}|\[[^\]]*\]/g, " ")
    .replaceAll(/\bby \([^)]*\)/g, " ");
  return [...bare.matchAll(/[a-zA-Z_:][\w:]*/g)]
    .filter(
      ({ 0: word, index }) =>
        !bare
          .slice(index + word.length)
          .trimStart()
          .startsWith("("),
    )
    .map(([word]) => word)
    .filter((word) => !["and", "or", "unless", "sum"].includes(word));
}

test("rules name only metrics that the mesh's own parts have, and what is recorded of them", () => {
  const known = written();
  for (const { expr } of rules)
    for (const metric of metricsIn(expr)) {
      const family = metric.replace(/_(bucket|sum|count)$/, "");
      const exists = known.has(family) || recorded.includes(metric) || metric === "up";
      expect([metric, exists]).toEqual([metric, true]);
    }
  expect(metricsIn('sum by (a) (rate(x_total{b="c"}[1m])) > 5 and up == 0')).toEqual([
    "x_total",
    "up",
  ]);
});

test("an alert says what is wrong and what to do", () => {
  const alerts = rules.filter((rule): rule is Alert => "alert" in rule);
  expect(alerts.length).toBeGreaterThan(10);
  for (const { alert, annotations } of alerts)
    expect([alert, annotations.summary.length > 10, annotations.description.length > 20]).toEqual([
      alert,
      true,
      true,
    ]);
});

/** Samples a minute apart, and what must fire after them. */
const CASES: readonly (readonly [series: string, values: string, alert: string, at: string])[] = [
  ['issuer_cert_ttl_seconds{component="identity"}', "864000x10", "MeshIssuerExpires", "6m"],
  ['issuer_cert_ttl_seconds{component="identity"}', "86400x10", "MeshIssuerExpiresSoon", "6m"],
  ['up{job="linkerd-proxy",pod="a"}', "0x10", "MeshProxyNotReached", "6m"],
  ['bunkerd_kubernetes_degraded{kind="pod"}', "1x10", "MeshKubernetesNotWatched", "6m"],
  ['up{job="linkerd-cni",node="n"}', "0x10", "MeshNodeAgentNotReached", "6m"],
  [
    'control_identity_cert_expiration_timestamp_seconds{pod="a"}',
    "0x10",
    "MeshCertificateExpired",
    "6m",
  ],
  ['control_identity_cert_anchor_info{anchor="",pod="a"}', "1x10", "MeshAnchorUnknown", "6m"],
  [
    'control_identity_cert_refreshes_total{result="error",pod="a"}',
    "0+1x10",
    "MeshCertificateNotRenewed",
    "8m",
  ],
  [
    'linkerd_cni_requests_total{outcome="failure",node="n"}',
    "0+5x20",
    "MeshPodsNotRedirected",
    "15m",
  ],
  ['inbound_http_authz_deny_total{namespace="shop"}', "0+5x30", "MeshRequestsDenied", "20m"],
];

/** A test of a rule as promtool reads it. */
const ruleTest = (input: object[], alert: string, at: string) => ({
  interval: "1m",
  input_series: input,
  promql_expr_test: [
    { expr: `count(ALERTS{alertname="${alert}",alertstate="firing"})`, eval_time: at },
  ],
});

test.skipIf(Bun.which("promtool") === null)(
  "promtool takes configuration and rules, and alerts fire when they should (needs promtool)",
  () => {
    const folder = mkdtempSync(`${tmpdir()}/prometheus-`);
    try {
      const files = prometheusFiles({ ...MESH, targetsUrl: "http://127.0.0.1:9089/" });
      for (const [name, text] of files) writeFileSync(`${folder}/${name}`, text);
      const firing = [{ labels: "{}", value: 1 }];
      const traffic = (classification: string, step: number) => ({
        series: `response_total{direction="inbound",namespace="shop",deployment="web",classification="${classification}"}`,
        values: `0+${step}x20`,
      });
      const tests = [
        ...CASES.map(([series, values, alert, at]) => ruleTest([{ series, values }], alert, at)),
        ruleTest(
          [
            traffic("success", 900),
            traffic("failure", 100),
            {
              series: 'request_total{direction="inbound",namespace="shop",deployment="web"}',
              values: "0+1000x20",
            },
          ],
          "MeshSuccessRateLow",
          "15m",
        ),
      ].map(({ promql_expr_test: [expression], ...rest }) => ({
        ...rest,
        promql_expr_test: [{ ...expression, exp_samples: firing }],
      }));
      writeFileSync(
        `${folder}/tests.yml`,
        dump({ rule_files: ["rules.yml"], evaluation_interval: "1m", tests }),
      );
      for (const words of [
        ["check", "config", "prometheus.yml"],
        ["check", "rules", "--lint=all", "--lint-fatal", "rules.yml"],
        ["test", "rules", "tests.yml"],
      ]) {
        const run = Bun.spawnSync(["promtool", ...words], { cwd: folder });
        expect([words[1], run.exitCode, `${run.stderr}`]).toEqual([words[1], 0, ""]);
      }
    } finally {
      rmSync(folder, { recursive: true });
    }
  },
);
