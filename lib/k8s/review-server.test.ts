import { afterAll, beforeAll, expect, test } from "bun:test";
import { TlsCredentials } from "#lib/net/tls.ts";
import { systemClock } from "#lib/sys/system-clock.ts";
import { logger } from "../../test/fake/kube-api.ts";
import { fakeReview } from "../../test/fake/review.ts";
import { type AdmissionAnswer, admit, refuse } from "./admission.ts";
import { createServingCertificate } from "./certified-key.ts";
import { ReviewServer } from "./review-server.ts";

const { crtPem, keyPem, caPem } = createServingCertificate("localhost", Date.now());
let server: ReviewServer;

beforeAll(() => {
  const credentials = new TlsCredentials({ keyPem, chainPem: crtPem, anchorsPem: crtPem });
  server = new ReviewServer({
    addr: { ip: "127.0.0.1", port: 0 },
    credentials: () => credentials,
    clock: systemClock,
    log: logger,
    onFault: (error) => {
      throw error;
    },
    answer: async (review) => {
      if (review.request.name === "broken") throw new Error("Cannot answer: nobody knows");
      return review.request.name === "bad" ? refuse(review, "it is bad") : admit(review);
    },
  });
});
afterAll(() => server.stop());

const ask = (init: RequestInit): Promise<Response> =>
  fetch(`https://localhost:${server.port}/`, { tls: { ca: caPem }, keepalive: false, ...init });
const post = (request: object): Promise<Response> =>
  ask({ method: "POST", body: JSON.stringify(fakeReview(request)) });

test("a review is answered as it is decided", async () => {
  const said = async (name: string): Promise<AdmissionAnswer["response"]> =>
    ((await (await post({ name })).json()) as AdmissionAnswer).response;
  expect(await said("good")).toMatchObject({ allowed: true });
  expect(await said("bad")).toMatchObject({ allowed: false, status: { message: "it is bad" } });
});

test("what is no review is answered 400, and what cannot be answered 500, each with why", async () => {
  const told = async (asked: Promise<Response>): Promise<[number, string]> => {
    const answer = await asked;
    return [answer.status, await answer.text()];
  };
  expect(await told(ask({}))).toEqual([400, "Cannot review: GET is no POST\n"]);
  expect(await told(ask({ method: "POST", body: "{" }))).toEqual([
    400,
    "Cannot read review: it is no JSON\n",
  ]);
  expect(await told(post({ name: "broken" }))).toEqual([500, "Cannot answer: nobody knows\n"]);
});
