/** One part of the script: what the control plane says, and what the proxy does then. */

import { expect } from "bun:test";
import type { Ask, Bed, Got } from "./bed.ts";

/** A scene. Addresses are its own: Services below 10.77.1.0/24, endpoints below 10.77.2.0/24. */
export interface Scene {
  /** Begins with the rows that it shows. */
  readonly name: string;
  run(bed: Bed): Promise<void>;
}

/** Asks, and expects that this endpoint answers; what it said. */
export async function reaches(bed: Bed, ip: string, from: string, how: Ask = {}): Promise<Got> {
  const got = await bed.ask(ip, how);
  expect({ ip, how, from: got.from, status: got.status, error: got.error }).toMatchObject({
    from,
    error: "",
  });
  return got;
}

/** Asks, and expects that the proxy itself answers so. */
export async function refused(bed: Bed, ip: string, status: number, how: Ask = {}): Promise<Got> {
  const got = await bed.ask(ip, how);
  expect({ ip, how, from: got.from, status: got.status }).toEqual({ ip, how, from: "", status });
  return got;
}

/** Asks, and expects that the connection is closed without an answer. */
export async function closed(bed: Bed, ip: string, how: Ask = {}): Promise<void> {
  const got = await bed.ask(ip, how);
  expect({ ip, how, status: got.status, closed: got.error !== "" }).toEqual({
    ...{ ip, how, status: 0, closed: true },
  });
}
