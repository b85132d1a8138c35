/** Findings of a linter beside their explanations. */

import type { Overrides } from "../../../deploy/values.ts";
import type { Report } from "../suite.ts";
import { EXPLAINED, type Explanation } from "./explained.ts";
import { CERTIFICATE_VALUES, merged, rendered, SETS } from "./rendered.ts";

/** Something that a linter does not like. */
export interface Finding {
  readonly check: string;
  /** `Deployment/linkerd-identity`. */
  readonly where: string;
  readonly what: string;
}

/** What is linted: everything of an installation, as it is by default, with --ha, and with all that can be added. */
export const LINTED: readonly (readonly [string, Overrides])[] = (
  ["defaults", "ha", "monitored", "ordinary containers", "gateway api"] as const
).map((name) => [name, merged(SETS[name] ?? {}, CERTIFICATE_VALUES)]);

/** The manifests of an installation as one text. */
export function manifestsOf(overrides: Overrides): string {
  const { crds, cni, controlPlane } = rendered(overrides);
  return [...crds, ...cni, ...controlPlane]
    .map((object) => `---\n${JSON.stringify(object)}\n`)
    .join("");
}

/** Counts each object and check that is clean or explained, tells of each that is not, and of explanations of nothing. */
export async function judge(
  report: Report,
  tool: Explanation["tool"],
  lint: (manifests: string) => Promise<{
    readonly clean: number;
    readonly findings: readonly Finding[];
  }>,
): Promise<void> {
  const used = new Set<Explanation>();
  for (const [name, overrides] of LINTED) {
    const { clean, findings } = await lint(manifestsOf(overrides));
    if (clean === 0) report.failed(name, "nothing was looked at");
    report.passed(name, clean);
    for (const { check, where, what } of findings) {
      const reason = EXPLAINED.find(
        (each) => each.tool === tool && each.check === check && each.where.test(where),
      );
      if (reason === undefined) report.failed(`${check} of ${where}, ${name}`, what);
      else {
        used.add(reason);
        report.passed(`${check} of ${where}, ${name}`);
      }
    }
  }
  for (const each of EXPLAINED)
    if (each.tool === tool && !used.has(each))
      report.failed(`${each.check} of ${each.where}`, "it is explained, and not found any more");
}
