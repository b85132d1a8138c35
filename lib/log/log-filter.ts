/** Which lines of a log are written: levels by target, as linkerd2-proxy's filters say them. */

/** Levels from quiet to loud. */
export const LEVELS = ["error", "warn", "info", "debug", "trace"] as const;
export type Level = (typeof LEVELS)[number];

/** Where a filter says nothing. */
const SILENT_DEFAULT: Level = "warn";

/** Which levels each target shows. Set anew when the level is changed while running. */
export class LogFilter {
  #default: number = LEVELS.indexOf("info");
  #targets: readonly (readonly [prefix: string, level: number])[] = [];
  #text = "info";

  /** As it was set last. */
  get text(): string {
    return this.#text;
  }

  /**
   * Takes a filter such as `warn,linkerd=info`: levels are words in any case, or 0 (`off`) to 5 (`trace`); a filter
   * that says nothing shows warnings. Returns what is wrong, if anything: it is not taken then.
   */
  set(text: string): string | undefined {
    const parts = partsOf(text);
    const directives = parts.flatMap(({ directive }) => directive ?? []);
    const wrong = parts.find(({ directive }) => directive === undefined);
    if (wrong !== undefined) return `unknown level in "${wrong.part}"`;
    const targets = directives.flatMap(({ target, level }) =>
      target === undefined ? [] : ([[target, level]] as const),
    );
    this.#text = parts.length === 0 ? SILENT_DEFAULT : text;
    this.#default =
      parts.length === 0
        ? LEVELS.indexOf(SILENT_DEFAULT)
        : (directives.findLast(({ target }) => target === undefined)?.level ?? OFF);
    this.#targets = targets.toSorted((a, b) => b[0].length - a[0].length);
    return undefined;
  }

  allows(level: Level, target: string): boolean {
    const found = this.#targets.find(([prefix]) => target.startsWith(prefix));
    return LEVELS.indexOf(level) <= (found?.[1] ?? this.#default);
  }
}

/** What of a filter can be read, as a filter, and the parts that cannot. */
export function readableFilter(text: string): {
  readonly filter: string;
  readonly unreadable: readonly string[];
} {
  const parts = partsOf(text);
  const those = (readable: boolean): string[] =>
    parts.flatMap(({ part, directive }) => ((directive !== undefined) === readable ? part : []));
  return { filter: those(true).join(","), unreadable: those(false) };
}

const OFF = -1;
/** By the numbers that stand for them. */
const NUMBERED: readonly string[] = ["off", ...LEVELS];

/** Each part of a filter, and what it says where it can be read. */
const partsOf = (text: string): { part: string; directive: Directive | undefined }[] =>
  text
    .split(",")
    .map((each) => each.trim())
    .filter((each) => each !== "")
    .map((part) => ({ part, directive: readDirective(part) }));

/** One part of a filter: a level, of one target where it is named. */
interface Directive {
  readonly target: string | undefined;
  readonly level: number;
}

function readDirective(part: string): Directive | undefined {
  const at = part.lastIndexOf("=");
  const word = part.slice(at + 1).toLowerCase();
  const level = (/^[0-5]$/.test(word) ? Number(word) : NUMBERED.indexOf(word)) - 1;
  if (level < OFF) return undefined;
  return { target: at < 0 ? undefined : part.slice(0, at), level };
}
