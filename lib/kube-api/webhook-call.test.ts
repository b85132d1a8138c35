import { expect, test } from "bun:test";
import { servePlain } from "#lib/net/plain-http.ts";
import { systemClock as clock } from "#lib/sys/system-clock.ts";
import { FakeAuthority } from "../../test/fake/authority.ts";
import { createWebhookPost } from "./webhook-call.ts";

const authority = new FakeAuthority("root");

test("createWebhookPost() gives the answer of a webhook, or says why there is none", async () => {
  let status = 200;
  const server = servePlain(
    { ip: "127.0.0.1", port: 0, tls: authority.issue("localhost") },
    async (request) => ({ status, body: `${request.path} ${await request.text()}` }),
  );
  let within = 0;
  const post = createWebhookPost({
    clock,
    onFault: (error) => {
      throw error;
    },
    dialService: async () => ({
      ip: "127.0.0.1",
      port: server.port,
      within: (connect) => {
        within++;
        connect();
      },
    }),
  });
  const target = {
    service: { namespace: "n", name: "s", port: 443 },
    host: "localhost",
    port: server.port,
    path: "/hook",
    caPem: authority.anchorsPem,
    timeoutMs: 2_000,
  };
  expect(await post(target, "{}")).toBe("/hook {}");
  expect(await post({ ...target, service: undefined }, "{}")).toBe("/hook {}");
  expect(within).toBe(1);
  const told = (changes: Partial<typeof target>) =>
    post({ ...target, ...changes }, "{}").catch((error: unknown) => String(error));
  expect(await told({ host: "other.svc" })).toContain("not proved");
  status = 500;
  expect(await told({})).toContain("status 500");
  server.stop();
});
