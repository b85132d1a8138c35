/** What `inject` and `uninject` say on standard error, in Linkerd's words. */

/** What became of one object. */
export type ObjectReport = {
  /** In lower case; empty where the document has none. */
  readonly kind: string;
  readonly name: string;
  readonly result: "injected" | "annotated" | "uninjected" | "skipped";
  readonly hostNetwork?: boolean;
  /** A container of another mesh. */
  readonly sidecar?: boolean;
  readonly udp?: boolean;
  readonly disabled?: boolean;
};

type Symbols = { readonly ok: string; readonly warn: string };

/** Warnings, then one line an object; blank lines keep it apart from the YAML. */
export function injectReport(
  reports: readonly ObjectReport[],
  { symbols, verbose }: { readonly symbols: Symbols; readonly verbose: boolean },
): string {
  const which = (flag: "hostNetwork" | "sidecar" | "udp" | "disabled"): string =>
    reports
      .filter((report) => report[flag] === true)
      .map(({ kind, name }) => `${kind}/${name}`)
      .join(", ");
  const some = reports.some(({ result }) => result !== "skipped");
  const udp = which("udp");
  const warnings: readonly (readonly [string, string, string])[] = [
    [
      which("hostNetwork"),
      `"hostNetwork: true" detected in ${which("hostNetwork")}`,
      "pods do not use host networking",
    ],
    [
      which("sidecar"),
      `known 3rd party sidecar detected in ${which("sidecar")}`,
      "pods do not have a 3rd party proxy or initContainer already injected",
    ],
    [
      which("disabled"),
      `"linkerd.io/inject: disabled" annotation set on ${which("disabled")}`,
      "pods are not annotated to disable injection",
    ],
    [
      some ? "" : "none",
      "no supported objects found",
      "at least one resource can be injected or annotated",
    ],
    [
      udp,
      `${udp} ${udp.includes(", ") ? "use" : "uses"} "protocol: UDP"`,
      "pod specs do not include UDP ports",
    ],
  ];
  const lines = warnings.flatMap(([problem, warning, fine]) => {
    if (problem !== "") return [`${symbols.warn} ${warning}\n`];
    return verbose ? [`${symbols.ok} ${fine}\n`] : [];
  });
  const head = lines.length > 0 ? `\n${lines.join("")}\n` : "\n";
  return `${head}${summary(reports)}\n`;
}

/** One line an object. */
export function uninjectReport(reports: readonly ObjectReport[]): string {
  return `\n${summary(reports)}\n`;
}

function summary(reports: readonly ObjectReport[]): string {
  return reports
    .map(({ kind, name, result }) =>
      kind === "" ? 'document missing "kind" field, skipped\n' : `${kind} "${name}" ${result}\n`,
    )
    .join("");
}
