/** Trees as the text of Helm templates. */

import type { Marker } from "./markers.ts";
import { holds, type Node, type Part, presence } from "./tree.ts";

/** What YAML 1.1 reads as a text without quotes. */
const PLAIN_KEY = /^(?!(?:y|n|yes|no|on|off|true|false|null)$)[A-Za-z_][\w./-]*$/i;

type Scalar = string | number | boolean | null;

/** Writes trees; knows what stands for values, and for what was computed of them. */
export class TemplateWriter {
  readonly #markers: readonly Marker[];

  constructor(markers: readonly Marker[]) {
    this.#markers = markers;
  }

  /** A manifest, where it is there at all. */
  document(part: Part): string {
    const lines = this.#block(part.node, "");
    return `${this.#when(presence(part), lines).join("\n")}\n`;
  }

  #when(condition: string | undefined, lines: readonly string[]): string[] {
    if (condition === undefined) return [...lines];
    return [`{{- if ${condition} }}`, ...lines, "{{- end }}"];
  }

  /** The lines of an object or array that has parts. */
  #block(node: Node, pad: string): string[] {
    if (node.type === "scalar") throw new Error("Cannot write a chart: a scalar is no block");
    if (node.type === "array")
      return node.parts.flatMap((part) => this.#when(presence(part), this.#item(part.node, pad)));
    const maps = this.#mapsIn(node.parts);
    const own = node.parts.filter(({ key }) => !maps.some(({ token }) => token === key));
    return [
      ...own.flatMap((part) => this.#when(presence(part), this.#entry(part, pad))),
      ...this.#merged(maps, { names: own.map(({ key }) => key), pad }),
    ];
  }

  #mapsIn(parts: readonly Part[]): Marker[] {
    return parts.flatMap(({ key }) =>
      this.#markers.filter(({ use, token }) => use === "map" && key === token),
    );
  }

  /** Names of maps that users give, without those that the manifest has itself; of two maps the later one wins. */
  #merged(
    maps: readonly Marker[],
    { names, pad }: { readonly names: readonly string[]; readonly pad: string },
  ): string[] {
    if (maps.length === 0) return [];
    const all = maps.map(({ expression }) => `(default dict ${expression})`).toReversed();
    const one = `merge (dict) ${all.join(" ")}`;
    const omitted = names.map((name) => JSON.stringify(name)).join(" ");
    return [
      `{{- range $name, $value := omit (${one}) ${omitted} }}`,
      `${pad}{{ $name | toJson }}: {{ $value | toJson }}`,
      "{{- end }}",
    ];
  }

  #entry({ key, node }: Part, pad: string): string[] {
    const inline = this.#inline(node);
    const name = PLAIN_KEY.test(key) ? key : JSON.stringify(key);
    if (inline !== undefined) return [`${pad}${name}: ${inline}`];
    const below = this.#ranged(node, `${pad}  `) ?? this.#block(node, `${pad}  `);
    return [`${pad}${name}:`, ...below];
  }

  #item(node: Node, pad: string): string[] {
    const inline = this.#inline(node);
    if (inline !== undefined) return [`${pad}- ${inline}`];
    const [first = "", ...rest] = this.#block(node, `${pad}  `);
    if (!first.startsWith(`${pad}  `) || first.trimStart().startsWith("{{-"))
      return [`${pad}-`, first, ...rest];
    return [`${pad}- ${first.slice(pad.length + 2)}`, ...rest];
  }

  /** An array whose one element stands for those of a list. */
  #ranged(node: Node, pad: string): string[] | undefined {
    if (node.type !== "array" || node.parts.length !== 1) return undefined;
    const element = node.parts[0]?.node;
    const list = this.#markers.find(
      ({ use, token }) => use === "list" && element !== undefined && holds(element, token),
    );
    if (list === undefined || element === undefined) return undefined;
    const each: Marker = { token: list.token, use: "scalar", expression: "." };
    const lines = new TemplateWriter([each]).#item(element, pad);
    return [`{{- range ${list.expression} }}`, ...lines, "{{- end }}"];
  }

  /** What fits on the line of its name. */
  #inline(node: Node): string | undefined {
    if (node.type === "scalar") return this.#alternatives(node);
    const [only] = node.parts;
    if (only === undefined) return node.type === "array" ? "[]" : "{}";
    if (node.parts.length > 1) return undefined;
    const whole = only.node.type === "object" ? only.node.parts[0]?.key : undefined;
    const token = node.type === "object" ? only.key : scalarOf(only.node);
    const marker = this.#markers.find((each) => each.token === (token ?? whole));
    return marker !== undefined && (marker.use === "map" || marker.use === "list")
      ? `{{ ${marker.expression} | toJson }}`
      : undefined;
  }

  #alternatives({ value, others }: Node & { readonly type: "scalar" }): string | undefined {
    const cases = others.map(({ condition, value: other }) => {
      const text = this.#inline(other);
      if (text === undefined) throw new Error("Cannot write a chart: a scalar becomes a block");
      return `if ${condition} }}${text}{{ else `;
    });
    const plain = this.#scalar(value);
    if (cases.length === 0) return plain;
    return `{{ ${cases.join("")}}}${plain}{{ end }}`;
  }

  #scalar(value: Scalar): string {
    if (typeof value === "number") {
      const number = this.#markers.find(({ token }) => token === String(value));
      return number === undefined ? String(value) : `{{ int64 ${number.expression} }}`;
    }
    if (typeof value !== "string") return String(value);
    const pieces = split(value, this.#markers);
    const [only] = pieces;
    if (pieces.length === 1 && typeof only === "object" && only.use !== "number")
      return `{{ ${textOf(only)} | toJson }}`;
    if (pieces.some((piece) => typeof piece === "object"))
      return `{{ ${printf(pieces)} | toJson }}`;
    return value.includes("{{") ? `{{ ${JSON.stringify(value)} | toJson }}` : JSON.stringify(value);
  }
}

const scalarOf = (node: Node): string | undefined =>
  node.type === "scalar" ? String(node.value) : undefined;

/** A text cut at the markers in it. */
function split(text: string, markers: readonly Marker[]): (string | Marker)[] {
  const pieces: (string | Marker)[] = [];
  let rest = text;
  while (rest !== "") {
    const next = markers
      .map((marker) => ({ marker, at: rest.indexOf(marker.token) }))
      .filter(({ at }) => at >= 0)
      .toSorted((a, b) => a.at - b.at || b.marker.token.length - a.marker.token.length)[0];
    if (next === undefined) {
      pieces.push(rest);
      break;
    }
    if (next.at > 0) pieces.push(rest.slice(0, next.at));
    pieces.push(next.marker);
    rest = rest.slice(next.at + next.marker.token.length);
  }
  return pieces;
}

function textOf({ use, expression }: Marker): string {
  if (use === "number") return `int64 ${expression}`;
  return use === "list" ? `join "," ${expression}` : expression;
}

function printf(pieces: readonly (string | Marker)[]): string {
  const format = pieces
    .map((piece) => (typeof piece === "string" ? piece.replaceAll("%", "%%") : "%v"))
    .join("");
  const values = pieces.flatMap((piece) =>
    typeof piece === "string" ? [] : [`(${textOf(piece)})`],
  );
  return `printf ${JSON.stringify(format)} ${values.join(" ")}`;
}
