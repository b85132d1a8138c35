/** What a rule, or one of its backends, does to requests and their answers (P21), of either direction; pure. */

import type { HeaderList } from "#lib/http/headers.ts";
import type { RequestHead } from "#lib/http/message.ts";
import { type Redirect, redirectOf } from "./redirect.ts";

/** A field with its value; the name is in lower case. */
export interface Field {
  readonly name: string;
  readonly value: string;
}

/** Changes of headers, made in this order; of requests `host` stands for the authority, which is one and is never removed. */
export interface HeaderModifier {
  readonly add: readonly Field[];
  readonly set: readonly Field[];
  readonly remove: readonly string[];
}

/** A request that is not passed on. `ratio` of them fail: 0 to 1. */
export type FailureInjector =
  | {
      readonly type: "http-failure";
      readonly status: number;
      readonly message: string;
      readonly ratio: number;
    }
  | {
      readonly type: "grpc-failure";
      readonly code: number;
      readonly message: string;
      readonly ratio: number;
    };

/** One filter. */
export type Filter =
  | FailureInjector
  | { readonly type: "request-headers"; readonly modifier: HeaderModifier }
  | { readonly type: "response-headers"; readonly modifier: HeaderModifier }
  | { readonly type: "redirect"; readonly redirect: Redirect };

/** Why a request is answered by its filters. */
export type FilterAnswer =
  | FailureInjector
  | { readonly type: "redirect"; readonly status: number; readonly location: string }
  | { readonly type: "invalid-redirect" };

/**
 * Applies filters to a request, in their order; what answers it instead ends that. `prefix` is how much of the path
 * the rule's match took; `random` gives 0 (inclusive) to 1 (exclusive) and is asked only by failures that not all have.
 */
export function filterRequest(
  filters: readonly Filter[],
  head: Pick<RequestHead, "scheme" | "authority" | "path" | "headers">,
  how: { readonly prefix: number | undefined; readonly random: () => number },
): FilterAnswer | undefined {
  for (const filter of filters) {
    switch (filter.type) {
      case "request-headers":
        modifyRequest(head, filter.modifier);
        break;
      case "http-failure":
      case "grpc-failure":
        if (filter.ratio >= 1 || how.random() < filter.ratio) return filter;
        break;
      case "redirect": {
        const answer = redirectOf(filter.redirect, head, how.prefix);
        if (answer !== undefined) return answer;
        break;
      }
      case "response-headers":
        break;
    }
  }
  return undefined;
}

/** Applies filters to the answer of an application; answers of the proxy itself have none. */
export function filterResponse(filters: readonly Filter[], headers: HeaderList): void {
  for (const filter of filters)
    if (filter.type === "response-headers") modify(headers, filter.modifier);
}

function modifyRequest(
  head: Pick<RequestHead, "authority" | "headers">,
  modifier: HeaderModifier,
): void {
  modify(head.headers, modifier);
  if (!head.headers.has("host")) return;
  head.authority = head.headers.getAll("host").at(-1) ?? head.authority;
  head.headers.delete("host");
}

function modify(headers: HeaderList, { add, set, remove }: HeaderModifier): void {
  for (const { name, value } of add) headers.add(name, value);
  for (const { name, value } of set) headers.set(name, value);
  for (const name of remove) headers.delete(name);
}
