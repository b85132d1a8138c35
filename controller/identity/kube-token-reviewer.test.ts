import { expect, test } from "bun:test";
import type { KubeClient } from "#lib/k8s/client.ts";
import type { TokenReview } from "#lib/k8s/types/authentication.ts";
import { createKubeTokenReviewer } from "./kube-token-reviewer.ts";

function reviewer(...answers: TokenReview["status"][]) {
  const asked: unknown[] = [];
  const create = async (_: unknown, object: TokenReview) => {
    asked.push(object.spec.audiences);
    return { ...object, status: answers.shift() };
  };
  return { asked, review: createKubeTokenReviewer({ create } as unknown as KubeClient).review };
}

test("IDY2: a token is reviewed for the identity service, without audience where those are unknown", async () => {
  const user = { username: "system:serviceaccount:ns:web" };
  const good = reviewer({ authenticated: true, user });
  expect(await good.review("t")).toEqual({ type: "authenticated", user: user.username });
  expect(good.asked).toEqual([["identity.l5d.io"]]);
  const old = reviewer({ error: "cannot use token audiences" }, { authenticated: true, user });
  expect(await old.review("t")).toMatchObject({ type: "authenticated" });
  expect(old.asked).toEqual([["identity.l5d.io"], undefined]);
});

test("IDY2, C19: what is not authenticated is refused, what has an error is invalid", async () => {
  expect(await reviewer({ authenticated: false }).review("t")).toEqual({
    type: "refused",
    message: "not authenticated",
  });
  expect(await reviewer({ authenticated: true, error: "expired" }).review("t")).toEqual({
    type: "invalid",
    message: "expired",
  });
});
