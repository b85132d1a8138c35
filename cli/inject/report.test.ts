import { expect, test } from "bun:test";
import { injectReport, uninjectReport } from "./report.ts";

const symbols = { ok: "√", warn: "‼" };

test("injectReport() is a line an object between blank lines", () => {
  const reports = [
    { kind: "deployment", name: "web", result: "injected" },
    { kind: "", name: "", result: "skipped" },
  ] as const;
  expect(injectReport(reports, { symbols, verbose: false })).toBe(
    '\ndeployment "web" injected\ndocument missing "kind" field, skipped\n\n',
  );
  expect(uninjectReport([{ kind: "pod", name: "a", result: "uninjected" }])).toBe(
    '\npod "a" uninjected\n\n',
  );
});

test("injectReport() warns first, of all at once", () => {
  const web = { kind: "pod", name: "a", result: "skipped", hostNetwork: true, udp: true } as const;
  expect(injectReport([web, { ...web, name: "b" }], { symbols, verbose: false })).toBe(
    '\n‼ "hostNetwork: true" detected in pod/a, pod/b\n‼ no supported objects found\n‼ pod/a, pod/b use "protocol: UDP"\n\npod "a" skipped\npod "b" skipped\n\n',
  );
  expect(injectReport([], { symbols, verbose: true })).toContain(
    "√ pod specs do not include UDP ports\n",
  );
});
