import { expect, test } from "bun:test";
import { HELP, parseArgs } from "./args.ts";

const ENV = {
  NODE_NAME: "node-1",
  KUBERNETES_SERVICE_HOST: "10.96.0.1",
  KUBERNETES_SERVICE_PORT: "443",
};

test("parseArgs() has defaults for everything but the node's name", () => {
  expect(parseArgs([], ENV)).toEqual({
    type: "agent",
    args: {
      redirect: "auto",
      cgroupRoot: "/sys/fs/cgroup",
      bpfRoot: "/sys/fs/bpf",
      cniBinDir: "/opt/cni/bin",
      cniConfDir: "/etc/cni/net.d",
      runDir: "/run/linkerd-cni",
      hostRunDir: "/run/linkerd-cni",
      podUid: "",
      podNamespace: "",
      netnsDir: "/run/netns",
      nodeName: "node-1",
      adminAddr: { ip: "::", port: 9998 },
      logLevel: "info",
      logFormat: "plain",
      exempt: {
        inboundPorts: ["4567", "4568"],
        outboundPorts: ["4567", "4568"],
        apiServerPorts: ["443", "6443"],
        subnets: [],
      },
      api: { host: "10.96.0.1", port: "443" },
    },
  });
  expect(parseArgs([], {})).toMatchObject({
    type: "error",
    message: "--node-name is not given, and NODE_NAME is not set",
  });
});

test("parseArgs() takes flags in each of their forms", () => {
  const words = [
    "--redirect=nft",
    "-run-dir=/run/x",
    "--node-name",
    "n",
    "--admin-addr=[::]:1",
    "--log-format=json",
  ];
  expect(parseArgs(words, {})).toMatchObject({
    args: {
      redirect: "nft",
      runDir: "/run/x",
      hostRunDir: "/run/x",
      podUid: "",
      podNamespace: "",
      netnsDir: "/run/netns",
      nodeName: "n",
      adminAddr: { ip: "::", port: 1 },
      logFormat: "json",
      api: { host: undefined },
    },
  });
  expect(parseArgs(["cleanup", "--bpf-root=/b"], {})).toMatchObject({
    type: "cleanup",
    args: { bpfRoot: "/b" },
  });
  expect(parseArgs(["--help"], ENV)).toEqual({ type: "help" });
  expect(HELP).toContain("--cni-bin-dir=/opt/cni/bin");
});

test.each([
  [["--redirect=ebpff"], '--redirect cannot be "ebpff"'],
  [["--log-level=loud"], '--log-level cannot be "loud"'],
  [["--log-format=xml"], '--log-format cannot be "xml"'],
  [["--admin-addr=:99999"], '--admin-addr cannot be ":99999"'],
  [["--nodename=x"], "--nodename=x is not known"],
  [["stop"], "stop is not known"],
  [["--run-dir"], "--run-dir has no value"],
])("parseArgs() refuses %p", (words, message) => {
  expect(parseArgs(words, ENV)).toEqual({ type: "error", message });
});

test("parseArgs() takes what is not redirected, and refuses what no rule can be made of", () => {
  const words = ["--ignore-inbound-ports=25, 80-90", "--skip-subnets=10.0.0.0/8,fd00::/8"];
  const { exempt } = (parseArgs(words, ENV) as { args: { exempt: object } }).args;
  expect(exempt).toMatchObject({
    inboundPorts: ["25", "80-90"],
    subnets: ["10.0.0.0/8", "fd00::/8"],
  });
  for (const word of ["--kube-api-server-ports=https", "--skip-subnets=10.0.0.0/33"])
    expect(parseArgs([word], ENV)).toMatchObject({ type: "error" });
});

test("C11: no agent starts in a process that would not verify certificates", () => {
  const variables = { ...ENV, NODE_TLS_REJECT_UNAUTHORIZED: "0" };
  expect(parseArgs([], variables)).toEqual({
    type: "error",
    message: "NODE_TLS_REJECT_UNAUTHORIZED must not be set: it would disable verification",
  });
  expect(parseArgs(["cleanup"], variables).type).toBe("cleanup");
});
