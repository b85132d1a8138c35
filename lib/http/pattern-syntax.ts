/** The syntax of patterns: what engines that go back have beyond it is refused. */

/** A part of a pattern. */
export type PatternNode =
  | { readonly type: "char"; readonly accepts: (char: string) => boolean }
  | { readonly type: "start" }
  | { readonly type: "end" }
  | { readonly type: "sequence"; readonly nodes: readonly PatternNode[] }
  | { readonly type: "choice"; readonly nodes: readonly PatternNode[] }
  | {
      readonly type: "repeat";
      readonly node: PatternNode;
      readonly least: number;
      readonly most: number;
    };

/** One character: escapes that have one meaning everywhere, classes, the dot, or itself. */
const CHAR =
  /\\(?:[dDwWsSnrtfv]|[^A-Za-z0-9])|\[\^?(?:\\(?:[dDwWsSnrtfv]|[^A-Za-z0-9])|[^\\[\]])+\]|[^\\[\](){}|*+?^$]/y;
const REPEAT = /(?:([*+?])|\{(\d{1,3})(?:(,)(\d{1,3})?)?\})\??/y;
const GROUP = /\((?:\?:|\?P?<[A-Za-z_]\w*>)?(?!\?)/y;
/** Groups within groups. */
const DEPTH_LIMIT = 20;

/** Reads a pattern; undefined where it is none. */
export function parsePattern(text: string): PatternNode | undefined {
  const parser = new Parser(text);
  const node = parser.choice(0);
  return parser.atEnd ? node : undefined;
}

class Parser {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  get atEnd(): boolean {
    return this.#at === this.#text.length;
  }

  choice(depth: number): PatternNode | undefined {
    const nodes: PatternNode[] = [];
    do {
      const node = depth > DEPTH_LIMIT ? undefined : this.#sequence(depth);
      if (node === undefined) return undefined;
      nodes.push(node);
    } while (this.#take("|"));
    return { type: "choice", nodes };
  }

  #sequence(depth: number): PatternNode | undefined {
    const nodes: PatternNode[] = [];
    while (!this.atEnd && !"|)".includes(this.#text[this.#at] ?? "")) {
      const node = this.#atom(depth);
      if (node === undefined) return undefined;
      const repeated = this.#repeat(node);
      if (repeated === undefined) return undefined;
      nodes.push(repeated);
    }
    return { type: "sequence", nodes };
  }

  #atom(depth: number): PatternNode | undefined {
    if (this.#take("^")) return { type: "start" };
    if (this.#take("$")) return { type: "end" };
    if (this.#match(GROUP) !== undefined) {
      const node = this.choice(depth + 1);
      return this.#take(")") ? node : undefined;
    }
    const [source] = this.#match(CHAR) ?? [];
    return source === undefined ? undefined : charOf(source);
  }

  #repeat(node: PatternNode): PatternNode | undefined {
    const found = this.#match(REPEAT);
    if (found === undefined) return node;
    const [, sign, low, comma, high] = found;
    const least = low === undefined ? Number(sign === "+") : Number(low);
    const endless = comma === undefined ? least : Number.POSITIVE_INFINITY;
    const counted = high === undefined ? endless : Number(high);
    const most = sign === undefined ? counted : sign === "?" ? 1 : Number.POSITIVE_INFINITY;
    return most < least ? undefined : { type: "repeat", node, least, most };
  }

  #take(char: string): boolean {
    if (this.#text[this.#at] !== char) return false;
    this.#at++;
    return true;
  }

  #match(expression: RegExp): RegExpExecArray | undefined {
    expression.lastIndex = this.#at;
    const found = expression.exec(this.#text);
    if (found === null) return undefined;
    this.#at = expression.lastIndex;
    return found;
  }
}

const ASCII = 128;

/** A character that stands for itself, perhaps escaped. */
const LITERAL = /^(?:\\([^A-Za-z0-9])|([^\\.]))$/;

/** One character at a time there is nothing to go back over; those of paths are looked up in a class. */
function charOf(source: string): PatternNode | undefined {
  const [, escaped, plain] = LITERAL.exec(source) ?? [];
  const literal = escaped ?? plain;
  if (literal !== undefined) return { type: "char", accepts: (char) => char === literal };
  try {
    const one = new RegExp(`^${source}$`);
    const table = Array.from({ length: ASCII }, (_, code) => one.test(String.fromCharCode(code)));
    return { type: "char", accepts: (char) => table[char.charCodeAt(0)] ?? one.test(char) };
  } catch {
    return undefined;
  }
}
