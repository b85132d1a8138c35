/** What routes demand of requests, of either direction. */

import type { RequestHead } from "#lib/http/message.ts";
import type { Pattern } from "#lib/http/pattern.ts";
import type { RequestCondition } from "./request-condition.ts";

/** A host that requests name, without port. Names are compared without case. */
export interface HostMatch {
  readonly type: "exact" | "suffix";
  /** Of a suffix what follows the wildcard: `example.com` for `*.example.com`. A last dot has to be in the request, too. */
  readonly name: string;
}

/** A field or a query parameter; any of its values may match, and a pattern the whole value. */
export interface NamedMatch {
  /** Of a field in lower case; `host` stands for the request's authority. */
  readonly name: string;
  readonly value:
    | { readonly type: "exact"; readonly text: string }
    | { readonly type: "regex"; readonly pattern: Pattern };
}

/** What an HTTP request must look like; undefined parts always hold. */
export interface HttpMatch {
  readonly type: "http";
  readonly path:
    | { readonly type: "exact" | "prefix"; readonly value: string }
    | { readonly type: "regex"; readonly value: Pattern }
    | undefined;
  readonly method: string | undefined;
  readonly headers: readonly NamedMatch[];
  readonly queryParams: readonly NamedMatch[];
}

/** What a gRPC call must look like; an empty service or method stands for any. */
export interface GrpcMatch {
  readonly type: "grpc";
  readonly service: string;
  readonly method: string;
  readonly headers: readonly NamedMatch[];
}

/** A condition of a ServiceProfile; of several that hold the first in the list counts. */
export interface ConditionMatch {
  readonly type: "condition";
  readonly condition: RequestCondition;
}

/** How a request may look. */
export type RequestMatch = HttpMatch | GrpcMatch | ConditionMatch;

/** What is read of a request. */
export type MatchedHead = Pick<
  RequestHead,
  "method" | "path" | "authority" | "protocol" | "headers"
>;
