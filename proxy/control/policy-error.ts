/** A message of policy that says what this proxy cannot know: the whole policy is refused, as nothing may be wider than written. */

/** What cannot be read. */
export type PolicyErrorCode =
  | "host"
  | "path"
  | "header"
  | "query"
  | "method"
  | "procedure"
  | "filter"
  | "backend"
  | "metadata"
  | "protocol"
  | "route"
  | "time"
  | "authorization"
  | "retry"
  | "accrual"
  | "pattern";

/** Ends the reading of a policy. */
export class PolicyError extends Error {
  readonly code: PolicyErrorCode;

  constructor(code: PolicyErrorCode, what: string) {
    super(`Cannot read policy: ${what}`);
    this.name = "PolicyError";
    this.code = code;
  }
}
