import { expect, test } from "bun:test";
import { fakeValues } from "../../test/fake/values.ts";
import { settingsOf } from "./settings.ts";

const c = (name: string): string => `config.linkerd.io/${name}`;

test("settingsOf() takes annotations over values, the pod's over its namespace's", () => {
  const settings = settingsOf(fakeValues(), {
    pod: {
      [c("proxy-log-level")]: "debug",
      [c("proxy-log-format")]: "json",
      [c("proxy-cpu-request")]: "100m",
      [c("proxy-memory-limit")]: "250Mi",
      [c("proxy-await")]: "disabled",
      [c("admin-port")]: "4999",
      [c("proxy-gid")]: "7",
      [c("proxy-version")]: "edge",
      "linkerd.io/inject": "ingress",
    },
    namespace: { [c("proxy-log-level")]: "warn", [c("default-inbound-policy")]: "deny" },
  });
  expect(settings).toMatchObject({
    logLevel: "debug",
    logFormat: "json",
    defaultInboundPolicy: "deny",
    await: false,
    gid: 7,
    ingress: true,
    warnings: [],
  });
  expect(settings.resources.cpu.request).toBe("100m");
  expect(settings.resources.memory.limit).toBe("250Mi");
  expect(settings.ports.admin).toBe(4999);
  expect(settings.image.version).toBe("edge");
});

test("settingsOf() takes an empty word of the pod for none, as does who decides on injection", () => {
  const ingress = (pod: string, namespace: string): boolean =>
    settingsOf(fakeValues(), {
      pod: { "linkerd.io/inject": pod },
      namespace: { "linkerd.io/inject": namespace },
    }).ingress;
  expect([ingress("", "ingress"), ingress("enabled", "ingress"), ingress("", "enabled")]).toEqual([
    ...[true, false, false],
  ]);
});

test("settingsOf() takes an empty list of opaque ports for none, whoever says so", () => {
  const none = { [c("opaque-ports")]: "" };
  const some = { [c("opaque-ports")]: "9000" };
  const opaque = (pod: Record<string, string>, namespace: Record<string, string>): string =>
    settingsOf(fakeValues(), { pod, namespace }).opaquePorts;
  expect([opaque({}, none), opaque(none, some), opaque(some, none), opaque({}, {})]).toEqual([
    ...["", "", "9000", fakeValues().proxy.opaquePorts],
  ]);
});

test("settingsOf() passes over what cannot be used, with a warning", () => {
  const pod = { [c("inbound-port")]: "70000", [c("proxy-log-format")]: "xml" };
  const settings = settingsOf(fakeValues(), { pod, namespace: undefined });
  expect(settings.ports.inbound).toBe(4143);
  expect(settings.logFormat).toBe("plain");
  expect(settings.warnings).toEqual([
    'annotation config.linkerd.io/inbound-port cannot be "70000"',
    'annotation config.linkerd.io/proxy-log-format cannot be "xml"',
  ]);
  expect(settings.marksInForce).toEqual({ [c("inbound-port")]: "4143" });
});

test.each([
  ["capture-proof", "captureProof"],
  ["trust-watch", "trustWatch"],
] as const)("settingsOf() leaves %s out where an annotation says so", (name, setting) => {
  const on = (value: string): boolean =>
    settingsOf(fakeValues(), {
      pod: { [`config.bunkerd.io/${name}`]: value },
      namespace: undefined,
    })[setting];
  expect([on("disabled"), on("enabled"), on("no")]).toEqual([false, true, true]);
});

test("settingsOf() takes the native sidecar's older annotations where the new one is absent", () => {
  const name = "proxy-enable-native-sidecar";
  const beta = { [`config.beta.linkerd.io/${name}`]: "false" };
  const alpha = { [`config.alpha.linkerd.io/${name}`]: "true" };
  const native = (pod: Record<string, string>): boolean =>
    settingsOf(fakeValues(), { pod, namespace: undefined }).nativeSidecar;
  expect([
    native({}),
    native({ ...beta, ...alpha }),
    native({ ...beta, [c(name)]: "true" }),
  ]).toEqual([true, false, true]);
});
