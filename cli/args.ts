/** The command line's own environment. */

/** What it reads: LINKERD_NAMESPACE and NO_COLOR. */
export type Variables = Readonly<Record<string, string | undefined>>;

/** The process's own. */
export function cliVariables(): Variables {
  return process.env;
}

/** The mesh's namespace: LINKERD_NAMESPACE, else `linkerd`. */
export function linkerdNamespace(variables: Variables): string {
  return variables["LINKERD_NAMESPACE"] || "linkerd";
}

/** Whether to colour: on a terminal, unless NO_COLOR is set. */
export function wantsColours(variables: Variables, out: { readonly isTTY?: boolean }): boolean {
  return out.isTTY === true && !variables["NO_COLOR"];
}
