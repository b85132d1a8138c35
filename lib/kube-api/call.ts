/** One request to the API server, read: who asks, for what, and how the answer shall look. */

import { load } from "js-yaml";
import type { SimpleRequest } from "#lib/http-io/simple.ts";
import { ApiError, statusOf } from "./api-error.ts";
import { type ApiObject, type Fields, isFields } from "./object.ts";
import { decodeProtobuf } from "./protobuf.ts";
import type { IncludeObject } from "./table.ts";

/** The parameter of a query; undefined where it is missing or empty. */
export function parameter(request: SimpleRequest, name: string): string | undefined {
  return request.query.get(name) || undefined;
}

/** A flag of a query. */
export function flag(request: SimpleRequest, name: string): boolean {
  const value = request.query.get(name);
  return value === "true" || value === "1" || value === "";
}

/** A number of a query. Throws BadRequest for anything else. */
export function numeric(request: SimpleRequest, name: string): number | undefined {
  const text = parameter(request, name);
  if (text === undefined) return undefined;
  const value = Number(text);
  if (Number.isInteger(value) && value >= 0) return value;
  throw new ApiError(
    "BadRequest",
    `Unable to convert query parameter ${name}: ${JSON.stringify(text)}`,
  );
}

/** The body as JSON or YAML; undefined for an empty one. */
export function parseBody(request: SimpleRequest): unknown {
  if (request.body.length === 0) return undefined;
  const type = request.head.headers.get("content-type") ?? "";
  if (type.includes("protobuf")) return decodeProtobuf(request.body);
  const text = Buffer.from(request.body).toString();
  try {
    return type.includes("yaml") ? load(text) : JSON.parse(text);
  } catch (cause) {
    throw new ApiError(
      "BadRequest",
      `couldn't decode the body: ${cause instanceof Error ? cause.message : ""}`,
    );
  }
}

/** The body as an object of the API. */
export function parseObject(request: SimpleRequest): ApiObject {
  const body = parseBody(request);
  if (!isFields(body)) throw new ApiError("BadRequest", "the body of the request is no object");
  if (!isFields(body["metadata"])) body["metadata"] = {};
  return body as ApiObject;
}

/** How rows of a table are wanted; undefined where no table is. */
export function tableWanted(request: SimpleRequest): IncludeObject | undefined {
  const [first = ""] = (request.head.headers.get("accept") ?? "").split(",");
  if (!/as=Table/.test(first)) return undefined;
  const include = request.query.get("includeObject");
  return include === "None" || include === "Object" ? include : "Metadata";
}

/** Answers with JSON. */
export function respondJson(request: SimpleRequest, body: Fields, status: number = 200): void {
  request.respond(status, { "content-type": "application/json" }, `${JSON.stringify(body)}\n`);
}

/** Answers with a Status. */
export function respondError(request: SimpleRequest, error: ApiError): void {
  const seconds = error.details?.["retryAfterSeconds"];
  const retry = seconds === undefined ? {} : { "retry-after": String(seconds) };
  const body = `${JSON.stringify(statusOf(error))}\n`;
  request.respond(error.status, { "content-type": "application/json", ...retry }, body);
}
