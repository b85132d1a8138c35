/** Results and numbered errors of the CNI specification (1.1). */

/** Codes of the specification, and our own from 100. */
export const CniCode = {
  incompatibleVersion: 1,
  unsupportedField: 2,
  unknownContainer: 3,
  invalidEnvironment: 4,
  ioFailure: 5,
  decodingFailure: 6,
  invalidConfig: 7,
  tryLater: 11,
  notAvailable: 50,
  /** The pod's annotations cannot be used: trying again does not help. */
  badAnnotations: 100,
  /** CHECK found that the pod is not redirected. */
  notCaptured: 101,
} as const;

/** One of the codes. */
export type CniCodeNumber = (typeof CniCode)[keyof typeof CniCode];

/** Versions whose ADD we can chain into; the lists exist since 0.3.0. */
export const SUPPORTED_VERSIONS = ["0.3.0", "0.3.1", "0.4.0", "1.0.0", "1.1.0"] as const;

/** What the shim is told: its exit status, the JSON for stdout, a line for stderr. */
export interface CniAnswer {
  readonly exit: number;
  readonly stdout?: unknown;
  readonly log: string;
}

/** A request that fails with a code. */
export class CniError extends Error {
  override readonly name = "CniError";
  readonly code: CniCodeNumber;

  constructor(message: string, options: { readonly code: CniCodeNumber }) {
    super(message);
    this.code = options.code;
  }
}

/** Success; `result` is printed where there is one. */
export function succeed(log: string, result?: unknown): CniAnswer {
  return { exit: 0, log, ...(result !== undefined && { stdout: result }) };
}

/** The answer to an error: the version is the one that was received. */
export function fail(error: unknown, cniVersion: string): CniAnswer {
  const message = error instanceof Error ? (error.message.split("\n", 1)[0] ?? "") : String(error);
  const code = error instanceof CniError ? error.code : CniCode.tryLater;
  return { exit: 1, stdout: { cniVersion, code, msg: message }, log: message };
}

/** Asks the runtime to come again; used before a version is known. */
export function tryLater(message: string): CniAnswer {
  return fail(new CniError(message, { code: CniCode.tryLater }), "1.0.0");
}
