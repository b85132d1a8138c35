/** What the reader of a route says to whoever decides whether it may be stored. */

import { createPattern } from "#lib/http/pattern.ts";
import { isOf } from "../core/reference.ts";
import { type ParentRef, POLICY_GROUP } from "../core/route.ts";
import type { Reviewer } from "./fields.ts";

/** One review. A fault that is no refusal costs its rule alone, once the route is stored. */
export class RouteReview implements Reviewer {
  /** Why it should not be stored, with the field that is wrong. */
  readonly refusals: string[] = [];
  /** Filters that no proxy carries out: the rule that has one is dropped. */
  readonly unknownFilters: string[] = [];
  #isMistyped = false;
  #isOurs = false;
  #isOutbound = false;

  /** Whether a part of it has another form than its definition says. */
  get isMistyped(): boolean {
    return this.#isMistyped;
  }

  /** Whether it concerns the mesh: one of its parents is a Service, a Server or an EgressNetwork. */
  get isOurs(): boolean {
    return this.#isOurs;
  }

  /** Whether it says how clients reach something: one of its parents is a Service or an EgressNetwork. */
  get isOutbound(): boolean {
    return this.#isOutbound;
  }

  mistyped(): void {
    this.#isMistyped = true;
  }

  refuse(sentence: string): void {
    this.refusals.push(sentence);
  }

  parent(parent: Pick<ParentRef, "group" | "kind">): void {
    this.#isOutbound ||= isOf(parent, "", "Service") || isOf(parent, POLICY_GROUP, "EgressNetwork");
    this.#isOurs ||= this.#isOutbound || isOf(parent, POLICY_GROUP, "Server");
  }
}

/** What is wrong with an expression: one that is none, or would take more than linear time, matches nothing. */
export function expressionProblem(text: string): string | undefined {
  return createPattern(text) === undefined
    ? `"${text}" is no regular expression that is matched in linear time (no look-around, no back-references)`
    : undefined;
}
