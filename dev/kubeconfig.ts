/** A kubeconfig for an instance's API. */

/** Text that kubectl and every client library read; JSON is YAML. */
export function kubeconfig(
  instance: string,
  access: { readonly server: string; readonly ca: string; readonly token: string },
): string {
  const name = `bunkerd-${instance}`;
  const config = {
    apiVersion: "v1",
    kind: "Config",
    "current-context": name,
    clusters: [
      {
        name,
        cluster: {
          server: access.server,
          "certificate-authority-data": Buffer.from(access.ca).toString("base64"),
        },
      },
    ],
    users: [{ name, user: { token: access.token } }],
    contexts: [{ name, context: { cluster: name, user: name, namespace: "default" } }],
  };
  return `${JSON.stringify(config, undefined, 2)}\n`;
}
