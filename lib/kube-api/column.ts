/** A column of a table. */

import type { ApiObject } from "./object.ts";

/** A column: its head, whether only `-o wide` shows it, and its cell. */
export interface Column {
  readonly name: string;
  readonly wide?: boolean;
  readonly type?: string;
  readonly cell: (object: ApiObject, wallMs: number) => unknown;
}
