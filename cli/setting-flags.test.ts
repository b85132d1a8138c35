import { expect, test } from "bun:test";
import { createValues } from "../deploy/values.ts";
import { CNI_SETTINGS, CONTROL_PLANE_SETTINGS, settingOverrides } from "./setting-flags.ts";

test("every flag sets values that exist", () => {
  for (const [text, paths, kind] of [...CONTROL_PLANE_SETTINGS, ...CNI_SETTINGS])
    for (const path of paths) {
      const value = path
        .split(".")
        .reduce<unknown>((at, key) => (at as Record<string, unknown>)[key], createValues("1.2.3"));
      const type = { text: "string", number: "number", off: "boolean" }[kind];
      expect([text, typeof value]).toEqual([text, type]);
    }
});

test("settingOverrides() takes what is given, and no more", () => {
  const given = {
    proxyUid: 3000,
    disableH2Upgrade: true,
    proxyCpuRequest: "10m",
    imagePullPolicy: "Never",
  };
  expect(settingOverrides(given, CONTROL_PLANE_SETTINGS)).toEqual({
    enableH2Upgrade: false,
    imagePullPolicy: "Never",
    proxy: { uid: 3000, image: { pullPolicy: "Never" }, resources: { cpu: { request: "10m" } } },
  });
  expect(settingOverrides({}, CONTROL_PLANE_SETTINGS)).toEqual({});
});
