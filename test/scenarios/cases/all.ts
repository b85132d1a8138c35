/** All scenarios, in the order in which they run. */

import type { Scenario } from "../scenario.ts";
import { ACCRUAL_SCENARIOS } from "./accrual.ts";
import { AUTHORIZATION } from "./authorization.ts";
import { BACKENDS_OF_RULES } from "./backends.ts";
import { CHANGES } from "./changes.ts";
import { CONSUMERS } from "./consumers.ts";
import { DEFAULTS } from "./defaults.ts";
import { EGRESS } from "./egress.ts";
import { FAMILIES, IN_EVERY_FAMILY, QUICK_IN_EVERY_FAMILY } from "./families.ts";
import { FILTERS } from "./filters.ts";
import { FRONTENDS } from "./frontends.ts";
import { GRPC } from "./grpc.ts";
import { INBOUND } from "./inbound.ts";
import { INBOUND_ROUTES } from "./inbound-routes.ts";
import { INGRESS } from "./ingress.ts";
import { LIMITS } from "./limits.ts";
import { METRICS } from "./metrics.ts";
import { OPAQUE_PORTS } from "./opaque.ts";
import { PRECEDENCE } from "./precedence.ts";
import { PROFILES } from "./profiles.ts";
import { REDIRECTS } from "./redirects.ts";
import { RETRIES } from "./retries.ts";
import { ROUTING } from "./routing.ts";
import { SERVERS } from "./servers.ts";
import { STATUSES } from "./statuses.ts";
import { STREAMS } from "./streams.ts";
import { TIMEOUTS } from "./timeouts.ts";
import { VALIDATION } from "./validation.ts";

const ALL: readonly Scenario[] = [
  ...INBOUND,
  ...ROUTING,
  ...FRONTENDS,
  ...PRECEDENCE,
  ...GRPC,
  ...BACKENDS_OF_RULES,
  ...FILTERS,
  ...REDIRECTS,
  ...CONSUMERS,
  ...TIMEOUTS,
  ...RETRIES,
  ...ACCRUAL_SCENARIOS,
  ...PROFILES,
  ...STREAMS,
  ...EGRESS,
  ...AUTHORIZATION,
  ...SERVERS,
  ...INBOUND_ROUTES,
  ...DEFAULTS,
  ...LIMITS,
  ...OPAQUE_PORTS,
  ...METRICS,
  ...CHANGES,
  ...INGRESS,
  ...STATUSES,
  ...VALIDATION,
  ...FAMILIES,
];

const named = [...QUICK_IN_EVERY_FAMILY, ...IN_EVERY_FAMILY];
const unknown = named.find((name) => !ALL.some((each) => each.name === name));
if (unknown !== undefined) throw new Error(`no scenario is called "${unknown}"`);

export const SCENARIOS: readonly Scenario[] = ALL.map((each) => {
  if (QUICK_IN_EVERY_FAMILY.includes(each.name)) return { ...each, families: "quick" };
  return IN_EVERY_FAMILY.includes(each.name) ? { ...each, families: "full" } : each;
});
