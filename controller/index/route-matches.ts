/** Matches of routes: absolute paths, and expressions that can be matched in bounded time (ADM7). */

import { isToken } from "#lib/http/token.ts";
import type { GrpcMatch, HttpMatch, NamedMatch, PathMatch } from "../core/route.ts";
import type { Fields } from "./fields.ts";
import { expressionProblem } from "./route-review.ts";

const METHODS = "GET HEAD POST PUT DELETE CONNECT OPTIONS TRACE PATCH".split(" ");
const MATCH_TYPES = { Exact: "exact", PathPrefix: "prefix", RegularExpression: "regex" } as const;
const PATH_TYPES = Object.keys(MATCH_TYPES) as (keyof typeof MATCH_TYPES)[];
const TEXT_TYPES = ["Exact", "RegularExpression"] as const;

/** Reads a match of an HTTPRoute. */
export function readHttpMatch(fields: Fields): HttpMatch {
  fields.only("path", "method", "headers", "queryParams");
  return {
    path: readPath(fields.object("path")),
    method: fields.word("method", METHODS),
    headers: readNamed(fields, "headers"),
    queryParams: readNamed(fields, "queryParams"),
  };
}

/** Reads a match of a GRPCRoute. */
export function readGrpcMatch(fields: Fields): GrpcMatch {
  fields.only("method", "headers");
  const rpc = fields.object("method");
  rpc?.only("type", "service", "method");
  const expected = rpc === undefined ? "Exact" : typeOf(rpc, TEXT_TYPES, "Exact");
  const [service = "", method = ""] = [rpc?.text("service"), rpc?.text("method")];
  if (rpc !== undefined && expected === "RegularExpression") {
    // Linkerd's messages have no regular expressions here.
    rpc.refuse(`"${expected}" is not known here: only Exact`, "type");
    rpc.fault("type", `is not known: ${expected}`);
  }
  return { service, method, headers: readNamed(fields, "headers") };
}

function readPath(fields: Fields | undefined): PathMatch | undefined {
  if (fields === undefined) return undefined;
  fields.only("type", "value");
  const kind = typeOf(fields, PATH_TYPES, "PathPrefix");
  const value = fields.text("value") ?? "/";
  if (kind === undefined) return undefined;
  const type = MATCH_TYPES[kind];
  if (type === "regex") return isPattern(fields, "value", value) ? { type, value } : undefined;
  if (!value.startsWith("/")) {
    fields.refuse(`"${value}" is no absolute path: begin it with /`, "value");
    return fields.fault("value", "does not begin with a slash");
  }
  // Slashes at its end do not count: of several alone nothing would be left.
  if (type === "prefix" && /^\/\/+$/.test(value)) return fields.fault("value", "is no prefix");
  return { type, value };
}

/** Of several of one name the first counts; names of headers are the same in any letters. */
function readNamed(from: Fields, name: "headers" | "queryParams"): readonly NamedMatch[] {
  const keyOf = (match: NamedMatch): string =>
    name === "headers" ? match.name.toLowerCase() : match.name;
  const all = from.objects(name).flatMap((fields): NamedMatch[] => {
    fields.only("name", "type", "value");
    const match = { name: fields.given("name"), value: fields.given("value") };
    if (match.name === "") {
      fields.refuse("it is empty", "name");
      return fields.fault("name", "is missing") ?? [];
    }
    const kind = typeOf(fields, TEXT_TYPES, "Exact");
    if (kind === undefined) return [];
    const type = MATCH_TYPES[kind];
    // What cannot be asked is left out: the rule takes more, and refuses it.
    if (type === "regex" && !isPattern(fields, "value", match.value)) return [];
    if (name === "headers" && !isToken(match.name))
      return fields.fault("name", "is no name of headers") ?? [];
    return [{ ...match, type }];
  });
  return all.filter((each, at) => all.findIndex((one) => keyOf(one) === keyOf(each)) === at);
}

/** How something is matched; undefined where nobody knows that. */
function typeOf<Word extends string>(
  fields: Fields,
  words: readonly Word[],
  initial: Word,
): Word | undefined {
  if (fields.raw("type") === undefined) return initial;
  const type = fields.word("type", words);
  if (type === undefined)
    fields.refuse(`"${fields.text("type")}" is none of ${words.join(", ")}`, "type");
  return type;
}

/** An expression that a proxy cannot match would make its whole policy invalid. */
function isPattern(fields: Fields, name: string, value: string): boolean {
  const problem = expressionProblem(value);
  if (problem === undefined) return true;
  fields.refuse(problem, name);
  fields.fault(name, "is no regular expression that is matched in linear time");
  return false;
}
