/** What the mesh calls the two sides of the bench. */

const IDENTITY = "bench.serviceaccount.identity.linkerd.cluster.local";

/** The identity of the proxy on each side. */
export const NAMES: Readonly<Record<"client" | "server", string>> = {
  client: `client.${IDENTITY}`,
  server: `server.${IDENTITY}`,
};
