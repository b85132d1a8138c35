/** kube-score: what experience says about workloads. */

import { $ } from "bun";
import type { Suite } from "../suite.ts";
import { goProgram } from "../tools.ts";
import { type Finding, judge } from "./findings.ts";

const KUBE_SCORE = "github.com/zegl/kube-score/cmd/kube-score@v1.20.0";
/** The grade of what it likes. */
const ALL_WELL = 10;

type Scored = {
  readonly type_meta: { readonly kind: string };
  readonly object_meta: { readonly name: string };
  readonly checks: readonly {
    readonly check: { readonly id: string };
    readonly grade: number;
    readonly skipped: boolean;
    readonly comments: readonly { readonly path: string; readonly summary: string }[] | null;
  }[];
};

export const kubeScore: Suite = {
  name: "kube-score",
  quick: true,
  needs: ["go"],
  run: async (report) => {
    const program = await goProgram(KUBE_SCORE, "kube-score");
    await judge(report, "kube-score", async (manifests) => {
      const run = await $`${program} score -o json - < ${Buffer.from(manifests)}`.quiet().nothrow();
      const scored = JSON.parse(run.stdout.toString()) as readonly Scored[];
      const all = scored.flatMap(({ type_meta, object_meta, checks }) =>
        checks
          .filter(({ skipped }) => !skipped)
          .map(({ check, grade, comments }) => ({
            bad: grade < ALL_WELL,
            finding: {
              check: check.id,
              where: `${type_meta.kind}/${object_meta.name}`,
              what: (comments ?? []).map(({ path, summary }) => `${path}: ${summary}`).join("; "),
            } satisfies Finding,
          })),
      );
      const findings = all.filter(({ bad }) => bad).map(({ finding }) => finding);
      return { clean: all.length - findings.length, findings };
    });
  },
};
