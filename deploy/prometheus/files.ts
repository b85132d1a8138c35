/** Scrape configuration and rules as the files that Prometheus reads. */

import { dump } from "js-yaml";
import { RULES } from "./rules.ts";
import { type ScrapeOptions, scrapeConfig } from "./scrape.ts";

const yaml = (about: string, value: object): string =>
  `# ${about} Written by npm run prometheus.\n${dump(value, { noRefs: true, lineWidth: -1 })}`;

/** The files by their names. */
export function prometheusFiles(options: Omit<ScrapeOptions, "rules">): Map<string, string> {
  const rules = "rules.yml";
  const config = scrapeConfig({ ...options, rules });
  return new Map([
    [
      "prometheus.yml",
      yaml("What is scraped of a mesh: the account needs to list and watch pods.", config),
    ],
    [rules, yaml("What is recorded of a mesh, and alerts.", { groups: RULES })],
  ]);
}
