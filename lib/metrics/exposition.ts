/** The Prometheus text format, written. */

import { Histogram } from "./histogram.ts";
import type { Family, Instrument, Registry, Series } from "./registry.ts";

/**
 * All families as text. A series whose total has not changed for `retainIdleMs` is left out until it changes;
 * gauges are always written.
 */
export function writeExposition(
  registry: Registry,
  options: { readonly nowMs: number; readonly retainIdleMs: number },
): string {
  let text = "";
  for (const family of registry.families) {
    let lines = "";
    for (const series of family.series)
      if (isLive(family, series, options)) lines += formatSeries(family, series);
    if (lines !== "")
      text += `# HELP ${family.name} ${family.help}\n# TYPE ${family.name} ${family.type}\n${lines}`;
  }
  return text;
}

function isLive(
  family: Family<Instrument>,
  series: Series<Instrument>,
  { nowMs, retainIdleMs }: { readonly nowMs: number; readonly retainIdleMs: number },
): boolean {
  if (family.type === "gauge") return true;
  const { instrument } = series;
  const total = instrument instanceof Histogram ? instrument.count : instrument.value;
  if (total !== series.seen) {
    series.seen = total;
    series.changedMs = nowMs;
  }
  return nowMs - series.changedMs <= retainIdleMs;
}

function formatSeries(
  { name }: Family<Instrument>,
  { labels, instrument }: Series<Instrument>,
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
