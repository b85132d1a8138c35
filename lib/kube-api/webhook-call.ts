/** One HTTPS request to a webhook, on a connection of our own so that it can start in another network namespace. */

import { requestOnce } from "#lib/http-io/request-once.ts";
import type { ByteStream } from "#lib/net/byte-stream.ts";
import { resolveHost } from "#lib/net/dns.ts";
import type { FaultObserver } from "#lib/net/tcp-stream.ts";
import { connectTls, TlsCredentials } from "#lib/net/tls.ts";
import type { Clock } from "#lib/time/clock.ts";
import type { PostWebhook, WebhookTarget } from "./webhooks.ts";

/** An address of a Service's endpoint, or of the Service where its network is ours. */
export interface ServiceAddress {
  readonly ip: string;
  readonly port: number;
  /** Runs a function where that address can be reached, such as inside a network namespace. */
  readonly within?: (connect: () => void) => void;
}

/** Finds a Service; rejects where nothing serves it. */
export type DialService = (service: {
  readonly namespace: string;
  readonly name: string;
  readonly port: number;
}) => Promise<ServiceAddress>;

/** Creates the way to webhooks: Services by `dialService`, URLs by their host. */
export function createWebhookPost(options: {
  readonly clock: Clock;
  readonly onFault: FaultObserver;
  readonly dialService: DialService;
}): PostWebhook {
  return async (target, body) => {
    const address =
      target.service === undefined
        ? { ip: (await resolveHost(target.host))[0] ?? "", port: target.port }
        : await options.dialService(target.service);
    const stream = await connect(target, address, options);
    return await post(stream, { target, body, clock: options.clock });
  };
}

function connect(
  target: WebhookTarget,
  address: ServiceAddress,
  { clock, onFault }: { readonly clock: Clock; readonly onFault: FaultObserver },
): Promise<ByteStream> {
  const credentials = new TlsCredentials({
    keyPem: undefined,
    chainPem: undefined,
    anchorsPem: target.caPem,
  });
  return new Promise((resolve, reject) => {
    connectTls(
      {
        ip: address.ip,
        port: address.port,
        timeoutMs: target.timeoutMs,
        clock,
        onFault,
        credentials,
        serverName: target.host,
        alpn: [],
        ...(address.within !== undefined && { within: address.within }),
      },
      { onConnected: ({ stream }) => resolve(stream), onFailed: reject },
    );
  });
}

async function post(
  stream: ByteStream,
  {
    target,
    body,
    clock,
  }: { readonly target: WebhookTarget; readonly body: string; readonly clock: Clock },
): Promise<string> {
  const answer = await requestOnce(stream, {
    ...{ method: "POST", authority: `${target.host}:${target.port}`, path: target.path },
    fields: [
      ["content-type", "application/json"],
      ["accept", "application/json"],
    ],
    ...{ body: Buffer.from(body), timeoutMs: target.timeoutMs, clock },
  });
  const text = Buffer.from(answer.body).toString();
  if (answer.status === 200) return text;
  throw new Error(
    `an error on the server (${JSON.stringify(text.slice(0, 200))}) has prevented the request from succeeding: status ${answer.status}`,
  );
}
