/** checkov: policies for Kubernetes, among them the CIS benchmark's. It is a program of Python's registry. */

import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { $ } from "bun";
import type { Suite } from "../suite.ts";
import { pythonProgram } from "../tools.ts";
import { judge } from "./findings.ts";

const CHECKOV = "checkov==3.3.30";

type Checked = {
  readonly summary: { readonly passed: number };
  readonly results: {
    readonly failed_checks: readonly {
      readonly check_id: string;
      readonly check_name: string;
      readonly resource: string;
    }[];
  };
};

export const checkov: Suite = {
  name: "checkov",
  quick: false,
  needs: ["python"],
  run: async (report) => {
    const program = await pythonProgram(CHECKOV, "checkov");
    const folder = mkdtempSync(`${tmpdir()}/checkov-`);
    try {
      await judge(report, "checkov", async (manifests) => {
        const file = `${folder}/all.yaml`;
        writeFileSync(file, manifests);
        const how = ["--framework", "kubernetes", "-o", "json", "--skip-download", "--compact"];
        const run = await $`${program} -f ${file} ${how}`
          .env({ ...Bun.env, LOG_LEVEL: "ERROR" })
          .quiet()
          .nothrow();
        const { summary, results } = JSON.parse(run.stdout.toString()) as Checked;
        const findings = results.failed_checks.map(({ check_id, check_name, resource }) => {
          const [kind, , ...name] = resource.split(".");
          return { check: check_id, where: `${kind}/${name.join(".")}`, what: check_name };
        });
        return { clean: summary.passed, findings };
      });
    } finally {
      if (existsSync(folder)) rmSync(folder, { recursive: true });
    }
  },
};
