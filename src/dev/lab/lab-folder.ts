import { existsSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** Everything a lab writes: kubeconfigs, logs, a socket. It goes with the lab, unless somebody wants to read the logs. */
export class LabFolder {
  readonly path: string;
  /** For the person outside, who is admin. */
  readonly kubeconfig: string;
  /** The unix socket on which the API server is reached from every network namespace. */
  readonly apiSocket: string;
  /** The unix socket on which the API server asks for connections to Pods. */
  readonly podSocket: string;
  /** Pods' logs, as `<namespace>/<pod>.log`; the API server serves them from there. */
  readonly podLogs: string;
  /** Key and certificate of the containers, in one JSON file. */
  readonly containerCertificate: string;

  constructor(path: string) {
    this.path = path;
    this.kubeconfig = join(path, "kubeconfig");
    this.apiSocket = join(path, "api-server.sock");
    this.podSocket = join(path, "pods.sock");
    this.podLogs = join(path, "logs");
    this.containerCertificate = join(path, "container-certificate.json");
  }

  /** The kubeconfig of a program in the lab. */
  kubeconfigOf(program: string): string {
    return join(this.path, `kubeconfig-${program}`);
  }

  /** The unix socket of a node's console. */
  consoleOf(node: string): string {
    return join(this.path, `${node}.sock`);
  }

  podLog(namespace: string, pod: string): string {
    return join(this.podLogs, namespace, `${pod}.log`);
  }

  standInLog(name: string): string {
    return join(this.path, "stand-ins", `${name}.log`);
  }

  /** Makes the end of the lab leave the folder where it is, when there is something to read in it. */
  keepLogs(): void {
    if (this.hasLogs()) writeFileSync(join(this.path, "keep"), "");
  }

  hasLogs(): boolean {
    return existsSync(this.podLogs);
  }

  /** Removes it now, for a lab that never opened. */
  remove(): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}
