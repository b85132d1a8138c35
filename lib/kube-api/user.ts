/** Who makes a request. */

/** A user as authentication knows it. */
export interface User {
  readonly username: string;
  readonly uid?: string;
  readonly groups: readonly string[];
  readonly extra?: Readonly<Record<string, readonly string[]>>;
}

/** May do everything. */
export const MASTERS: string = "system:masters";

/** The server itself and what runs in its process. */
export const LOOPBACK_USER: User = {
  username: "system:apiserver",
  groups: [MASTERS, "system:authenticated"],
};
