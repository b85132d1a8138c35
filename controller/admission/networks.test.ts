import { expect, test } from "bun:test";
import { POLICY, review, said } from "../../test/fake/policy-review.ts";

const NETWORKS = [
  [[{ cidr: "10.0.0.0/8", except: ["10.1.0.0/16"] }], ""],
  [[{ cidr: "10.0.0.1" }], ""],
  [[{ cidr: "fd00::/8", except: ["fd00:1::/32"] }], ""],
  [[], "at least one network"],
  [[{ cidr: "10.0.0.0/33" }], "is no network"],
  [[{ cidr: "10/8" }], "is no network"],
  [[{ cidr: "010.0.0.0/8" }], "is no network"],
  [[{ cidr: "10.0.0.0/8", except: ["11.0.0.0/16"] }], "is not inside of 10.0.0.0/8"],
  [[{ cidr: "10.0.0.0/8", except: ["fd00::/16"] }], "is not inside of 10.0.0.0/8"],
  [[{ cidr: "10.0.0.0/8", except: ["0.0.0.0/0"] }], "leaves nothing of 10.0.0.0/8"],
  [[{ cidr: "10.0.0.0/8", except: ["10.0.0.0/8"] }], "leaves nothing"],
  [[{ cidr: "10.0.0.0/8", except: ["ten"] }], '"ten" is no network'],
] as const;

test.each(NETWORKS)("ADM5: NetworkAuthentication of %j", (networks, problem) => {
  const told = said(review([POLICY, "NetworkAuthentication"], { networks }));
  expect(problem === "" ? told : told.includes(problem)).toBe(problem === "" ? "" : true);
});

test.each([...NETWORKS, [undefined, ""] as const])(
  "ADM6: EgressNetwork of %j",
  (networks, problem) => {
    const told = said(review([POLICY, "EgressNetwork"], { trafficPolicy: "Deny", networks }));
    expect(problem === "" ? told : told.includes(problem)).toBe(problem === "" ? "" : true);
  },
);
