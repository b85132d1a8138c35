import { expect, test } from "bun:test";
import { accessOf, kubeconfig } from "./kubeconfig.ts";

test("accessOf() reads back what kubeconfig() wrote", () => {
  const access = { server: "https://127.0.0.1:6443", ca: "CA\n", token: "secret" };
  expect(accessOf(kubeconfig("x", access))).toEqual(access);
});

test("kubeconfig() names the instance in its only context", () => {
  const text = kubeconfig("x", { server: "s", ca: "c", token: "t" });
  expect(JSON.parse(text)).toMatchObject({
    "current-context": "bunkerd-x",
    contexts: [{ name: "bunkerd-x", context: { cluster: "bunkerd-x", user: "bunkerd-x" } }],
  });
});
