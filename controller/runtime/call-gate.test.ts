import { expect, test } from "bun:test";
import { GrpcError } from "#lib/grpc/status.ts";
import { writeExposition } from "#lib/metrics/exposition.ts";
import { Registry } from "#lib/metrics/registry.ts";
import {
  CALL_ALLOWANCE,
  CallGate,
  IDENTITIES_LIMIT,
  MEMORY_SHARE_LIMIT,
  OPEN_WATCHES_LIMIT,
  WATCH_ALLOWANCE,
} from "./call-gate.ts";

function rig() {
  const registry = new Registry();
  const state = { nowMs: 0, share: 0 };
  const gate = new CallGate({
    registry,
    now: () => state.nowMs,
    memoryShare: () => state.share,
  });
  const enter = (identity: string, kind: "watch" | "unary" = "watch"): string => {
    try {
      gate.enter(identity, kind);
      return "taken";
    } catch (error) {
      return error instanceof GrpcError ? error.message : String(error);
    }
  };
  const text = (): string => writeExposition(registry, { nowMs: 0, retainIdleMs: 1 });
  return { gate, state, enter, text };
}

test("F19, C21: an identity that floods is refused beyond its allowance, others are not", () => {
  const { gate, state, enter, text } = rig();
  for (let call = 0; call < CALL_ALLOWANCE.burst; call++) gate.enter("evil", "unary").leave();
  expect(enter("evil", "unary")).toBe("too many calls a second");
  expect([enter("good", "unary"), enter("", "unary")]).toEqual(["taken", "taken"]);
  state.nowMs = 1_000;
  for (let call = 0; call < CALL_ALLOWANCE.perSecond; call++) gate.enter("evil", "unary").leave();
  expect(enter("evil", "unary")).toBe("too many calls a second");
  expect(text()).toContain('bunkerd_calls_refused_total{reason="rate"} 2');
});

test("F19: an identity that opens watches and ends them is refused beyond its allowance of those", () => {
  const { gate, state, enter } = rig();
  for (let call = 0; call < WATCH_ALLOWANCE.burst; call++) gate.enter("evil", "watch").leave();
  expect([enter("evil"), enter("evil", "unary")]).toEqual(["too many calls a second", "taken"]);
  state.nowMs = 1_000;
  expect(enter("evil")).toBe("taken");
});

test("F19: an identity has only so many watches open; one that ends makes room", () => {
  const { gate, state, enter } = rig();
  const calls = Array.from({ length: OPEN_WATCHES_LIMIT }, () => {
    state.nowMs += 1_000;
    return gate.enter("evil", "watch");
  });
  state.nowMs += 1_000;
  expect([enter("evil"), enter("good")]).toEqual(["too many calls are open", "taken"]);
  calls[0]?.leave();
  expect(enter("evil")).toBe("taken");
});

test("F11: a service account of a thousand pods, of which each calls ten Services, has its watches again at once", () => {
  const { gate, enter } = rig();
  // Policy, profile and endpoints of each Service, and policy of some ports of its own.
  const callsOfPod = 10 * 3 + 4;
  for (let call = 0; call < 1_000 * callsOfPod; call++) gate.enter("web.shop", "watch");
  expect(enter("web.shop")).toBe("taken");
});

test("F19: open watches keep nobody of that identity from what is answered at once, as a first certificate", () => {
  const { gate, state, enter } = rig();
  for (let call = 0; call < OPEN_WATCHES_LIMIT; call++) {
    state.nowMs += 1_000;
    gate.enter("", "watch");
  }
  state.nowMs += 1_000;
  expect([enter(""), enter("", "unary")]).toEqual(["too many calls are open", "taken"]);
});

test("F19: identities without end are not told apart without end", () => {
  const { gate, state, enter } = rig();
  for (let i = 0; i < IDENTITIES_LIMIT; i++) gate.enter(`made-up-${i}`, "watch");
  for (let call = 0; call < CALL_ALLOWANCE.burst; call++)
    gate.enter(`more-${call}`, "unary").leave();
  expect([enter("yet another", "unary"), enter("made-up-7", "unary")]).toEqual([
    "too many calls a second",
    "taken",
  ]);
  state.nowMs = 1_000;
  expect(enter("yet another", "unary")).toBe("taken");
});

test("F22: short of memory, new watches are refused, and what answers at once is answered", () => {
  const { state, enter, text } = rig();
  state.share = MEMORY_SHARE_LIMIT;
  expect(enter("good")).toBe("controller is short of memory");
  expect(enter("good", "unary")).toBe("taken");
  state.share = MEMORY_SHARE_LIMIT - 0.01;
  expect(enter("good")).toBe("taken");
  expect(text()).toContain('reason="memory"} 1');
});
