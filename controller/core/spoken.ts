/** What is said of a port before anything is sent to it, and which routes can hold there (OUT2, OUT3). */

import { KINDS_BY_STRENGTH } from "./route.ts";

/** What is spoken on a port; `any` is found out. */
export type Spoken = "any" | "http1" | "http2" | "opaque";

/** What a Service says of a port; an application's protocol comes before opaque ports, and one that is not known is opaque. */
export function spokenOn(appProtocol: string | undefined, isOpaque: boolean): Spoken {
  switch (appProtocol?.toLowerCase()) {
    case undefined:
    case "":
      return isOpaque ? "opaque" : "any";
    case "http":
      return "http1";
    case "kubernetes.io/h2c":
      return "http2";
    default:
      return "opaque";
  }
}

type Kind = (typeof KINDS_BY_STRENGTH)[number];

const KINDS: Readonly<Record<Spoken, readonly Kind[]>> = {
  any: KINDS_BY_STRENGTH,
  http1: ["HTTPRoute"],
  http2: ["GRPCRoute", "HTTPRoute"],
  opaque: ["TCPRoute"],
};

/** The kinds of routes that can hold where this is spoken, the stronger first: one of them does. */
export const kindsOn = (spoken: Spoken): readonly Kind[] => KINDS[spoken];

/** Whether a route of one kind holds in the place of one of another: a kind that cannot hold there takes no other's place. */
export function isStronger(one: Kind, other: Kind, spoken: Spoken): boolean {
  const [strength, others] = [KINDS[spoken].indexOf(one), KINDS[spoken].indexOf(other)];
  return strength >= 0 && (others < 0 || strength < others);
}
