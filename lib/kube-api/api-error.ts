/** What the API server refuses, as Status objects say it. */

import type { Fields } from "./object.ts";

/** Reasons of the API and the HTTP status of each. */
const CODES = {
  BadRequest: 400,
  Unauthorized: 401,
  Forbidden: 403,
  NotFound: 404,
  MethodNotAllowed: 405,
  NotAcceptable: 406,
  AlreadyExists: 409,
  Conflict: 409,
  Expired: 410,
  RequestEntityTooLarge: 413,
  UnsupportedMediaType: 415,
  Invalid: 422,
  TooManyRequests: 429,
  InternalError: 500,
  ServiceUnavailable: 503,
  Timeout: 504,
} as const;

/** Why a request was refused. */
export type Reason = keyof typeof CODES;

/** A refusal that becomes a Status object. */
export class ApiError extends Error {
  override readonly name = "ApiError";
  readonly code: Reason;
  readonly status: number;
  readonly details: Fields | undefined;
  /** What the Status says; a webhook's own word where one refused, and empty where it had none. */
  readonly reason: string;

  constructor(
    code: Reason,
    message: string,
    options: { readonly details?: Fields; readonly status?: number; readonly reason?: string } = {},
  ) {
    super(message);
    this.code = code;
    this.status = options.status ?? CODES[code];
    this.details = options.details;
    this.reason = options.reason ?? code;
  }
}

/** The Status object of a refusal. */
export function statusOf(error: ApiError): Fields {
  return {
    kind: "Status",
    apiVersion: "v1",
    metadata: {},
    status: "Failure",
    message: error.message,
    ...(error.reason !== "" && { reason: error.reason }),
    ...(error.details !== undefined && { details: error.details }),
    code: error.status,
  };
}

/** What a thing of the API is called in messages: `deployments.apps`. */
export function qualified(resource: { readonly group: string; readonly plural: string }): string {
  return resource.group === "" ? resource.plural : `${resource.plural}.${resource.group}`;
}

/** `pods "a" not found`. */
export function notFound(
  resource: { readonly group: string; readonly plural: string },
  name: string,
): ApiError {
  return new ApiError("NotFound", `${qualified(resource)} "${name}" not found`, {
    details: { name, group: resource.group, kind: resource.plural },
  });
}

/** An object that breaks rules; `causes` name the fields. */
export function invalid(
  resource: { readonly group: string; readonly kind: string },
  name: string,
  ...causes: readonly { readonly field: string; readonly message: string }[]
): ApiError {
  const told = causes.map(({ field, message }) => `${field}: ${message}`).join(", ");
  const kind = resource.group === "" ? resource.kind : `${resource.kind}.${resource.group}`;
  return new ApiError("Invalid", `${kind} "${name}" is invalid: ${told}`, {
    details: {
      name,
      group: resource.group,
      kind: resource.kind,
      causes: causes.map((cause) => ({ reason: "FieldValueInvalid", ...cause })),
    },
  });
}
