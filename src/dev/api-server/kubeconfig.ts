import { stringify } from "yaml";

export interface KubeconfigOptions {
  readonly server: string;
  /** PEM */
  readonly ca: string;
  readonly token: string;
}

/** The text of a kubeconfig file with one cluster and one user. */
export function kubeconfig({ server, ca, token }: KubeconfigOptions): string {
  return stringify({
    apiVersion: "v1",
    kind: "Config",
    clusters: [{ name: "dev", cluster: { server, "certificate-authority-data": Buffer.from(ca).toString("base64") } }],
    users: [{ name: "admin", user: { token } }],
    contexts: [{ name: "dev", context: { cluster: "dev", user: "admin" } }],
    "current-context": "dev",
    preferences: {},
  });
}
