/** What GetProfile says of a destination (DST15). */

import type { LoneEndpoint } from "./endpoint.ts";
import type { ServiceProfile } from "./service-profile.ts";

/** The answer for a destination. */
export type Profile =
  | {
      readonly type: "service";
      readonly name: string;
      readonly namespace: string;
      readonly port: number;
      readonly opaque: boolean;
      readonly profile: ServiceProfile | undefined;
    }
  /** One endpoint, or something that there is nothing to say of. */
  | ({ readonly type: "endpoint" } & LoneEndpoint)
  /** A port that the Service does not have: policy decides. */
  | { readonly type: "empty" }
  /** More than one Service has the address. */
  | { readonly type: "conflict"; readonly ip: string };
