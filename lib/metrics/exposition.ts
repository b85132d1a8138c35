/** The Prometheus text format, written. */

import { Histogram } from "./histogram.ts";
import type { Family, Instrument, Registry, Series } from "./registry.ts";

/** A family of so many counters or histograms at most keeps them, however seldom they change: a counter that begins anew tells nothing. */
export const KEPT_SERIES = 100;

/**
 * All families as text. A series whose total has not changed for `retainIdleMs` is left out until it changes, of those
 * that come first (Linkerd's legacy families, MET1) and of those that have many (KEPT_SERIES); gauges are always
 * written. Last comes how many label sets found no room, of families where some did not.
 */
export function writeExposition(
  registry: Registry,
  {
    nowMs,
    retainIdleMs,
    isFirst = () => false,
  }: {
    readonly nowMs: number;
    readonly retainIdleMs: number;
    /** Families that come before the others. */
    readonly isFirst?: (name: string) => boolean;
  },
): string {
  registry.update();
  let first = "";
  let text = "";
  let folded = "";
  for (const family of registry.families) {
    const early = isFirst(family.name);
    const expires = early || family.type === "gauge" || family.size > KEPT_SERIES;
    family.look(nowMs, expires ? retainIdleMs : Number.POSITIVE_INFINITY);
    let lines = "";
    for (const series of family.series()) lines += formatSeries(family, series);
    if (early) first += headed(family, lines);
    else text += headed(family, lines);
    if (family.folded > 0) folded += `${FOLDED.name}{family="${family.name}"} ${family.folded}\n`;
  }
  return first + text + headed(FOLDED, folded);
}

/** What did not get a series of its own (SERIES_LIMIT). */
const FOLDED = {
  name: "bunkerd_metrics_folded_total",
  help: "Label sets for which a family had no room, and that are counted in its series overflow.",
  type: "counter" as const,
  unit: undefined,
};

function headed(
  { name, help, type, unit }: Pick<Family<Instrument>, "name" | "help" | "type" | "unit">,
  lines: string,
): string {
  if (lines === "") return "";
  const counted = unit === undefined ? "" : `# UNIT ${name} ${unit}\n`;
  return `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n${counted}${lines}`;
}

function formatSeries(
  { name }: Family<Instrument>,
  { labels, instrument }: Pick<Series<Instrument>, "labels" | "instrument">,
): string {
  if (!(instrument instanceof Histogram))
    return `${name}${braced(labels)} ${formatValue(instrument.value)}\n`;
  const prefix = labels === "" ? "" : `${labels},`;
  let text = "";
  let total = 0;
  for (const [index, count] of instrument.counts.entries()) {
    total += count;
    text += `${name}_bucket{${prefix}le="${instrument.bounds[index] ?? "+Inf"}"} ${total}\n`;
  }
  return `${text}${name}_sum${braced(labels)} ${instrument.sum}\n${name}_count${braced(labels)} ${total}\n`;
}

const formatValue = (value: number): string =>
  value === Number.POSITIVE_INFINITY ? "+Inf" : String(value);

const braced = (labels: string): string => (labels === "" ? "" : `{${labels}}`);
