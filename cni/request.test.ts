import { expect, test } from "bun:test";
import { readRequest, versionOf } from "./request.ts";
import { CniError } from "./result.ts";

const WIRE = {
  version: 1,
  command: "ADD",
  containerId: "c1",
  netns: "/var/run/netns/a",
  ifname: "eth0",
  args: "IgnoreUnknown=1;K8S_POD_NAMESPACE=emojivoto;K8S_POD_NAME=web-1;K8S_POD_UID=u-1",
  path: "/opt/cni/bin",
  config: JSON.stringify({
    cniVersion: "1.0.0",
    prevResult: { ips: [{ address: "10.0.0.2/24" }] },
  }),
};

test("readRequest() reads an ADD", () => {
  expect(readRequest(WIRE)).toEqual({
    command: "ADD",
    containerId: "c1",
    ifname: "eth0",
    netns: "/run/netns/a",
    pod: { namespace: "emojivoto", name: "web-1", uid: "u-1" },
    cniVersion: "1.0.0",
    prevResult: { ips: [{ address: "10.0.0.2/24" }] },
    valid: [],
  });
  expect(readRequest({ ...WIRE, args: "" }).pod).toBeUndefined();
  expect(readRequest({ ...WIRE, args: "K8S_POD_NAMESPACE=a;K8S_POD_NAME=b" }).pod?.uid).toBe(
    undefined,
  );
});

test("readRequest() of a DEL needs neither namespace nor result, of a GC the list", () => {
  const del = { ...WIRE, command: "DEL", netns: "", config: '{"cniVersion":"0.4.0"}' };
  expect(readRequest(del)).toMatchObject({ command: "DEL", prevResult: undefined });
  const valid = [{ containerID: "c", ifname: "eth0" }];
  const config = JSON.stringify({ cniVersion: "1.1.0", "cni.dev/valid-attachments": valid });
  const gc = { ...WIRE, command: "GC", containerId: "", ifname: "", config };
  expect(readRequest(gc).valid).toEqual([{ containerId: "c", ifname: "eth0" }]);
});

const config = (value: unknown): { config: string } => ({ config: JSON.stringify(value) });
const gc = (value: unknown): object => ({
  command: "GC",
  ...config({ cniVersion: "1.1.0", "cni.dev/valid-attachments": value }),
});

test.each([
  [{ command: "RUN" }, 4, "CNI_COMMAND is RUN"],
  [{ containerId: "../x" }, 4, 'CNI_CONTAINERID is "../x"'],
  [{ containerId: "c".repeat(201) }, 4, "CNI_CONTAINERID is"],
  [{ ifname: "a/b" }, 4, 'CNI_IFNAME is "a/b"'],
  [{ netns: "" }, 4, "CNI_NETNS is empty"],
  [{ config: "{" }, 6, "the configuration is no JSON"],
  [{ config: "[]" }, 6, "the configuration is no object"],
  [config({ cniVersion: "0.2.0" }), 1, "version 0.2.0 is not supported"],
  [config({ cniVersion: "1.0.0" }), 7, "the plugin must be chained"],
  [config({ cniVersion: "1.0.0", prevResult: 1 }), 6, "prevResult is no object"],
  [config({ cniVersion: "1.0.0", prevResult: { ips: 1 } }), 6, "ips that are no list"],
  [gc(undefined), 7, "no list of valid attachments"],
  [gc([null]), 6, "has no containerID"],
] as const)("H1, H2, H3: readRequest() refuses %p with code %p", (over, code, message) => {
  try {
    readRequest({ ...WIRE, ...over });
    expect().fail("it was taken");
  } catch (error) {
    expect(error).toBeInstanceOf(CniError);
    expect([(error as CniError).code, (error as CniError).message]).toEqual([
      code,
      expect.stringContaining(message) as unknown as string,
    ]);
  }
});

test("versionOf() answers whatever came", () => {
  expect(["{", "{}", '{"cniVersion":"0.4.0"}'].map(versionOf)).toEqual(["1.0.0", "1.0.0", "0.4.0"]);
});
