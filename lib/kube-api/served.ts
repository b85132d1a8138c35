/** What the parts that answer requests share. */

import type { Logger } from "#lib/log/logger.ts";
import type { Clock } from "#lib/time/clock.ts";
import type { Authority } from "./authenticate.ts";
import type { Catalog } from "./catalog.ts";
import type { Faults } from "./faults.ts";
import type { ApiResource } from "./kinds.ts";
import type { NodeApi } from "./node-api.ts";
import type { Registry } from "./registry.ts";
import type { ResourceRoute } from "./route.ts";
import type { User } from "./user.ts";

/** The server's parts. */
export interface Served {
  readonly registry: Registry;
  readonly catalog: Catalog;
  readonly authority: Authority;
  readonly faults: Faults;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly uid: () => string;
  readonly node: () => NodeApi | undefined;
  /** `host:port` that discovery names. */
  readonly address: string;
  /** Ends of the watches that run. */
  readonly watches: Set<() => void>;
}

/** A request for a resource, authenticated and authorized. */
export interface ResourceCall {
  readonly route: ResourceRoute;
  readonly resource: ApiResource;
  readonly user: User;
  /** Said to the client beside the answer. */
  readonly warnings: string[];
}
