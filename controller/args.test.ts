import { expect, test } from "bun:test";
import { HELP, parseDestination, parseIdentity } from "./args.ts";
import { parseInjector } from "./injector/args.ts";

const variables = { KUBERNETES_SERVICE_HOST: "10.0.0.1", KUBERNETES_SERVICE_PORT: "443" };

test("parseDestination() has Linkerd's defaults", () => {
  expect(parseDestination([], variables)).toEqual({
    type: "args",
    args: {
      addr: { ip: "::", port: 8086 },
      policyAddr: { ip: "::", port: 8090 },
      adminAddr: { ip: "::", port: 9996 },
      controllerNamespace: "linkerd",
      trustDomain: "cluster.local",
      clusterDomain: "cluster.local",
      opaquePorts: "25,587,3306,4444,5432,6379,9300,11211",
      h2Upgrade: true,
      transportHeader: true,
      ipv6: true,
      http2: undefined,
      defaultPolicy: "all-unauthenticated",
      clusterNetworks: [
        "10.0.0.0/8",
        "100.64.0.0/10",
        "172.16.0.0/12",
        "192.168.0.0/16",
        "fd00::/8",
      ],
      probeNetworks: ["0.0.0.0/0", "::/0"],
      globalEgressNamespace: "linkerd-egress",
      admission: {
        policy: {
          addr: { ip: "::", port: 9443 },
          tlsDir: "/var/run/linkerd/policy-validator-tls",
        },
        profiles: {
          addr: { ip: "::", port: 8443 },
          tlsDir: "/var/run/linkerd/sp-validator-tls",
        },
      },
      logLevel: "info",
      logFormat: "plain",
      api: { host: "10.0.0.1", port: "443" },
    },
  });
});

test("parseDestination() takes flags of both of Linkerd's programs, in every spelling", () => {
  const words = ["-addr=127.0.0.1:1", "--grpc-addr", "[::1]:2", "-enable-h2-upgrade=false"];
  words.push("--control-plane-namespace=mesh", "--identity-domain=my.domain", "-admin-addr=:3");
  words.push("--default-policy", "deny", "-outbound-transport-mode=transparent", "-enable-ipv6");
  expect(parseDestination(words, {})).toMatchObject({
    args: {
      addr: { ip: "127.0.0.1", port: 1 },
      policyAddr: { ip: "::1", port: 2 },
      adminAddr: { ip: "::", port: 3 },
      controllerNamespace: "mesh",
      trustDomain: "my.domain",
      h2Upgrade: false,
      transportHeader: false,
      defaultPolicy: "deny",
      api: { host: undefined, port: undefined },
    },
  });
});

test("parseDestination() takes addresses and folders of the validators, or none of them", () => {
  const words = ["-policy-validator-addr=127.0.0.1:1", "--sp-validator-tls-dir", "/tls"];
  expect(parseDestination(words, {})).toMatchObject({
    args: {
      admission: { policy: { addr: { ip: "127.0.0.1", port: 1 } }, profiles: { tlsDir: "/tls" } },
    },
  });
  expect(parseDestination(["--admission-controller-disabled"], {})).toMatchObject({
    args: { admission: undefined },
  });
  expect(parseDestination(["-sp-validator-addr=none"], {})).toMatchObject({ type: "error" });
});

test("DST4: parseDestination() reads how HTTP/2 is set up towards what is meshed", () => {
  const flag = (json: string) =>
    parseDestination([`-meshed-http2-client-params=${json}`], variables);
  const alive = '{"interval":{"seconds":10},"timeout":{"seconds":3},"while_idle":true}';
  expect(flag(`{"keep_alive":${alive}}`)).toMatchObject({
    args: { http2: { keepAlive: { intervalMs: 10_000, timeoutMs: 3_000, whileIdle: true } } },
  });
  expect(flag("{")).toEqual({
    type: "error",
    message: "-meshed-http2-client-params cannot be used: parameters is no object",
  });
});

test("parseIdentity() reads durations as Go writes them", () => {
  expect(parseIdentity([], {})).toMatchObject({
    args: {
      addr: { port: 8080 },
      adminAddr: { port: 9990 },
      issuanceLifetimeMs: 86_400_000,
      clockSkewMs: 20_000,
      scheme: "linkerd.io/tls",
      issuerDir: "/var/run/linkerd/identity/issuer",
      anchorsFile: "/var/run/linkerd/identity/trust-roots/ca-bundle.crt",
    },
  });
  const words = ["-identity-issuance-lifetime=1h1m1.5s", "-identity-clock-skew-allowance=500ms"];
  expect(parseIdentity(words, {})).toMatchObject({
    args: { issuanceLifetimeMs: 3_661_500, clockSkewMs: 500 },
  });
});

test.each([
  ["-nope=1", "-nope=1 is not known"],
  ["word", "word is not known"],
  ["-addr", "-addr has no value"],
  ["-addr=8080", '-addr cannot be "8080": it is no address'],
  ["-addr=:70000", '-addr cannot be ":70000": it is no address'],
  [
    "-identity-issuance-lifetime=60",
    '-identity-issuance-lifetime cannot be "60": it is no duration',
  ],
  [
    "-identity-issuance-lifetime=0s",
    '-identity-issuance-lifetime cannot be "0s": it is no duration',
  ],
  ["-log-level=loud", '-log-level cannot be "loud": levels are error, warn, info, debug, trace'],
  ["-log-format=xml", '-log-format cannot be "xml": it is one of plain, json'],
])("parseIdentity() refuses %p", (word, message) => {
  expect(parseIdentity([word], {})).toEqual({ type: "error", message });
});

test("-help is told of before anything else is judged", () => {
  expect(parseIdentity(["-nope", "--help"], {})).toEqual({ type: "help" });
  expect(HELP).toContain("-identity-issuance-lifetime=24h");
});

test.each([
  ["destination", parseDestination],
  ["identity", parseIdentity],
  ["injector", parseInjector],
])("C11: no %s starts in a process that would not verify certificates", (_, parse) => {
  expect(parse([], { ...variables, NODE_TLS_REJECT_UNAUTHORIZED: "0" })).toEqual({
    type: "error",
    message: "NODE_TLS_REJECT_UNAUTHORIZED must not be set: it would disable verification",
  });
  expect(parse([], { ...variables, NODE_TLS_REJECT_UNAUTHORIZED: "" }).type).toBe("args");
});
