import { expect, test } from "bun:test";
import { giveToken, TOKEN_DIRECTORY } from "./service-account-admission.ts";
import { Store } from "./store.ts";

const pod = (spec: Record<string, unknown>) => ({
  metadata: { name: "p", namespace: "n" },
  spec: { containers: [{ name: "c" }], ...spec },
});

test("giveToken() mounts the token unless told otherwise", () => {
  const store = new Store();
  const how = { store, suffix: "abcde" };
  expect(() => giveToken(pod({}), how)).toThrow('serviceaccount "default" not found');
  store.put(
    { table: "serviceaccounts", namespace: "n", name: "default" },
    { metadata: {}, imagePullSecrets: [{ name: "s" }] },
  );
  const given = giveToken(pod({}), how);
  expect(given["spec"]).toMatchObject({
    imagePullSecrets: [{ name: "s" }],
    containers: [{ volumeMounts: [{ name: "kube-api-access-abcde", mountPath: TOKEN_DIRECTORY }] }],
    volumes: [{ name: "kube-api-access-abcde" }],
  });
  expect(giveToken(given, how)).toEqual(given);
  expect(giveToken(pod({ automountServiceAccountToken: false }), how)["spec"]).not.toHaveProperty(
    "volumes",
  );
});
