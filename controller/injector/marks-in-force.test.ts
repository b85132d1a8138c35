import { expect, test } from "bun:test";
import { planRedirect } from "../../cni/redirect/plan.ts";
import { MarkReader } from "./mark-reader.ts";
import { readMarksInForce } from "./marks-in-force.ts";

const c = (name: string): string => `config.linkerd.io/${name}`;
const ports = { admin: 4191, control: 4190, inbound: 4143, outbound: 4140 };

function correct(pod: Record<string, string>): readonly [Record<string, string>, number] {
  const reader = new MarkReader({ pod, namespace: undefined });
  return [readMarksInForce(reader, { uid: 2102, ports }), reader.warnings.length];
}

test("what can be used stays as it is", () => {
  const marks = {
    [c("skip-inbound-ports")]: "25, 8000-8010",
    [c("skip-subnets")]: "10.0.0.0/8,fd00::/8,192.0.2.1",
    [c("proxy-uid")]: "2102",
  };
  expect(correct(marks)).toEqual([{}, 0]);
});

test.each([
  ["skip-inbound-ports", "25,http,0", "25"],
  ["skip-outbound-ports", "9-8", ""],
  ["skip-subnets", "10.0.0.0/8,10.0.0.0/99,::ffff:0.0.0.0/90,$(reboot)", "10.0.0.0/8"],
  ["skip-inbound-ports", "1,".repeat(2000), "1,".repeat(1024).slice(0, -1)],
])("the node agent can use what is left of %s: %.40s", (name, text, left) => {
  const [marks, warnings] = correct({ [c(name)]: text });
  expect(marks).toEqual({ [c(name)]: left });
  expect(warnings).toBe(1);
  const plan = {
    annotations: marks,
    namespaceAnnotations: { [c(name)]: text },
    controlPlane: false,
  };
  expect(() => planRedirect(plan)).not.toThrow();
});

test("ports are written without zeros in front, which rules would take for octal", () => {
  const key = c("skip-outbound-ports");
  expect(correct({ [key]: "0010,08, 25-00030" })).toEqual([{ [key]: "10,8,25-30" }, 0]);
  expect(correct({ [key]: "10,8,25-30" })).toEqual([{}, 0]);
});

test("a user or a port that does not count is replaced by the one that does", () => {
  const [marks] = correct({ [c("proxy-uid")]: "root", [c("inbound-port")]: "0" });
  expect(marks).toEqual({ [c("proxy-uid")]: "2102", [c("inbound-port")]: "4143" });
});

test("what the installation's values change is written on the pod, for the node agent", () => {
  const reader = new MarkReader({ pod: undefined, namespace: undefined });
  const moved = { uid: 3000, ports: { ...ports, inbound: 5143 } };
  expect(readMarksInForce(reader, moved)).toEqual({
    [c("proxy-uid")]: "3000",
    [c("inbound-port")]: "5143",
  });
});

test("a proxy's admin and tap ports are not redirected, wherever they are", () => {
  const reader = (pod: Record<string, string>): MarkReader =>
    new MarkReader({ pod, namespace: undefined });
  const moved = { uid: 2102, ports: { ...ports, admin: 5191 } };
  const key = c("skip-inbound-ports");
  expect(readMarksInForce(reader({}), moved)).toEqual({ [key]: "5191" });
  expect(readMarksInForce(reader({ [key]: "25" }), moved)).toEqual({ [key]: "25,5191" });
  expect(readMarksInForce(reader({ [key]: "25,x" }), moved)).toEqual({ [key]: "25,5191" });
});
