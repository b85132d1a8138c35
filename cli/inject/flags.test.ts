import { expect, test } from "bun:test";
import { flagAnnotations, injectFlags } from "./flags.ts";

test("every flag has an annotation, and checks what it is given", () => {
  const flags = injectFlags();
  expect(flags.length).toBeGreaterThan(20);
  for (const flag of flags)
    expect(Object.keys(flagAnnotations({ [flag.attributeName()]: "1" }))).toHaveLength(1);
  expect(flagAnnotations({ nativeSidecar: true, opaquePorts: "1-2", other: 1 })).toEqual({
    "config.linkerd.io/opaque-ports": "1-2",
    "config.beta.linkerd.io/proxy-enable-native-sidecar": "true",
  });
});

test.each([
  ["inbound-port", "0", "is not a port"],
  ["inbound-port", "80", ""],
  ["opaque-ports", "1,a", "is not a list of ports"],
  ["proxy-uid", "-1", "is not a number"],
  ["image-pull-policy", "Maybe", "is not one of Always"],
  ["default-inbound-policy", "open", "is not one of all-unauthenticated"],
  ["proxy-image", "", "is empty"],
])("--%s %j: %s", (name, value, problem) => {
  const flag = injectFlags().find((each) => each.long === `--${name}`);
  const parse = (): unknown => flag?.parseArg?.(value, undefined);
  if (problem === "") expect(parse()).toBe(value);
  else expect(parse).toThrow(problem);
});
