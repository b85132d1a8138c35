import { afterAll, beforeAll, expect, test } from "bun:test";
import { once } from "node:events";
import { connect } from "node:net";
import { connect as connectSecure } from "node:tls";
import { DRAIN_LIMIT_MS } from "#lib/http-io/connections.ts";
import { HANDSHAKE_LIMIT_MS, TlsCredentials } from "#lib/net/tls.ts";
import { systemClock } from "#lib/sys/system-clock.ts";
import type { Clock, Timer } from "#lib/time/clock.ts";
import { FakeClock } from "../../test/fake/clock.ts";
import { logger } from "../../test/fake/kube-api.ts";
import { fakeReview } from "../../test/fake/review.ts";
import { type AdmissionAnswer, admit, refuse } from "./admission.ts";
import { createServingCertificate } from "./certified-key.ts";
import { ReviewServer, type ReviewServerOptions } from "./review-server.ts";

const { crtPem, keyPem, caPem } = createServingCertificate("localhost", Date.now());
const credentials = new TlsCredentials({ keyPem, chainPem: crtPem, anchorsPem: crtPem });
const serve = (clock: Clock, answer: ReviewServerOptions["answer"]): ReviewServer =>
  new ReviewServer({
    addr: { ip: "127.0.0.1", port: 0 },
    credentials: () => credentials,
    ...{ clock, log: logger, answer },
    onFault: (error) => {
      throw error;
    },
  });

let server: ReviewServer;
beforeAll(() => {
  server = serve(systemClock, async (review) => {
    if (review.request.name === "broken") throw new Error("Cannot answer: nobody knows");
    return review.request.name === "bad" ? refuse(review, "it is bad") : admit(review);
  });
});
afterAll(() => server.stop());

const ask = (init: RequestInit, { port } = server): Promise<Response> =>
  fetch(`https://localhost:${port}/`, { tls: { ca: caPem }, keepalive: false, ...init });
const post = (request: object, to = server): Promise<Response> =>
  ask({ method: "POST", body: JSON.stringify(fakeReview(request)) }, to);

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

/** Tells when a connection was accepted: its time begins. */
class AcceptingClock extends FakeClock {
  readonly accepted: PromiseWithResolvers<void> = Promise.withResolvers<void>();

  override after(ms: number, wake: () => void): Timer {
    if (ms === HANDSHAKE_LIMIT_MS) this.accepted.resolve();
    return super.after(ms, wake);
  }
}

/** Connects to a server and sends nothing; settles when the connection is gone. */
function silent({ port }: ReviewServer): Promise<void> {
  const closed = Promise.withResolvers<void>();
  const socket = connect(port, "127.0.0.1").resume();
  socket.on("error", () => undefined);
  socket.on("close", () => closed.resolve());
  return closed.promise;
}

test("a connection that sends nothing is ended once its handshake should be over, and by stop() at once", async () => {
  for (const end of ["time", "stop"]) {
    const clock = new AcceptingClock();
    const idle = serve(clock, admit);
    const closed = silent(idle);
    await clock.accepted.promise;
    if (end === "time") clock.advance(HANDSHAKE_LIMIT_MS);
    else await idle.stop();
    await closed;
    await idle.stop();
    expect(clock.nextMs).toBeUndefined();
  }
});

/** A server whose reviews wait until they are let go. */
function serveHeld(clock: Clock) {
  const begun = Promise.withResolvers<void>();
  const release = Promise.withResolvers<void>();
  const held = serve(clock, async (review) => {
    begun.resolve();
    await release.promise;
    return admit(review);
  });
  return { held, begun, release };
}

test("stop() settles when the reviews that run have been answered, and takes no others", async () => {
  const { held, begun, release } = serveHeld(systemClock);
  expect((await ask({}, held)).status).toBe(400);
  const answer = post({}, held);
  await begun.promise;
  const stopped = held.stop();
  expect(await Promise.race([stopped, Promise.resolve("waits")])).toBe("waits");
  const refused = await post({}, held).catch(() => "refused");
  expect(refused).toBe("refused");
  release.resolve();
  expect((await answer).status).toBe(200);
  await stopped;
});

test("stop() does not wait for ever for a review", async () => {
  const clock = new FakeClock();
  const { held, begun, release } = serveHeld(clock);
  const answer = post({}, held).catch(() => "broken off");
  await begun.promise;
  const stopped = held.stop();
  clock.advance(DRAIN_LIMIT_MS);
  await stopped;
  expect(await answer).toBe("broken off");
  release.resolve();
});

test("who is in its handshake when stop() is called is answered once", async () => {
  const last = serve(systemClock, admit);
  const where = { port: last.port, host: "127.0.0.1", servername: "localhost", ca: caPem };
  const secure = connectSecure(where);
  // Its last message is on its way: to the server the handshake is not over.
  await once(secure, "secureConnect");
  const body = JSON.stringify(fakeReview({}));
  const stopped = last.stop();
  secure.write(`POST / HTTP/1.1\r\nhost: a\r\ncontent-length: ${body.length}\r\n\r\n${body}`);
  let text = "";
  secure.on("data", (chunk) => {
    text += String(chunk);
  });
  await once(secure, "close");
  await stopped;
  expect(text).toStartWith("HTTP/1.1 200");
});
