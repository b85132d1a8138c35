/** Whether this runtime verifies certificates at all. */

const SWITCH = "NODE_TLS_REJECT_UNAUTHORIZED";

/** What an environment switches off, or undefined: no process of the mesh starts without it, whatever the value says. */
export function verificationProblem(
  variables: Readonly<Record<string, string | undefined>>,
): string | undefined {
  return variables[SWITCH] ? `${SWITCH} must not be set: it would disable verification` : undefined;
}
