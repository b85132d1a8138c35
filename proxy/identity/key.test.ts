import { expect, test } from "bun:test";
import { mkdtemp, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { parseRequest } from "#lib/x509/parse-request.ts";
import { workloadKey } from "./key.ts";

test("workloadKey() makes a key and a request for it, and finds both again", async () => {
  const dir = await mkdtemp(`${tmpdir()}/key-`);
  const made = await workloadKey(`${dir}/identity`, "web.ns");
  expect(parseRequest(made.csrDer)).toMatchObject({ commonName: "web.ns", dnsNames: ["web.ns"] });
  expect(await workloadKey(`${dir}/identity`, "other.ns")).toEqual(made);
  expect((await stat(`${dir}/identity/key.p8`)).mode & 0o777).toBe(0o600);
  await writeFile(`${dir}/identity/csr.der`, "");
  expect((await workloadKey(`${dir}/identity`, "web.ns")).keyPem).not.toBe(made.keyPem);
  await rm(dir, { recursive: true });
});
