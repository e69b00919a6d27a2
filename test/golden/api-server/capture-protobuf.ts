/**
 * Records the protobuf bodies that a real kubectl sends, into kubectl-protobuf.json:
 *
 *     node test/golden/api-server/capture-protobuf.ts <path of kubectl ≥ 1.32> > test/golden/api-server/kubectl-protobuf.json
 */
import { execFile } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);
const kubectl = process.argv[2] ?? "kubectl";

const COMMANDS: readonly (readonly string[])[] = [
  ["create", "namespace", "demo"],
  ["create", "service", "loadbalancer", "web", "--tcp=80:8080", "--tcp=443:https"],
  ["create", "service", "clusterip", "headless", "--clusterip=None"],
  ["create", "secret", "generic", "key", "--from-literal=secretkey=dGVzdA=="],
  ["create", "configmap", "cm", "--from-literal=a=1", "--from-literal=b="],
  ["create", "serviceaccount", "sa"],
  ["create", "deployment", "web", "--image=nginx:1", "--replicas=2", "--port=80"],
  ["create", "token", "sa", "--duration=10m"],
  ["auth", "whoami"],
  ["auth", "can-i", "list", "services.v1.", "--namespace=demo"],
];

const bodies: { method: string; url: string; body: Buffer }[] = [];
const server = createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on("data", (chunk: Buffer) => chunks.push(chunk));
  request.on("end", () => {
    if (request.headers["content-type"] === "application/vnd.kubernetes.protobuf") {
      bodies.push({ method: request.method!, url: request.url!, body: Buffer.concat(chunks) });
    }
    const core = { kind: "APIResourceList", groupVersion: "v1", resources: [SERVICES] };
    const answers: Record<string, object> = { "/api": { kind: "APIVersions", versions: ["v1"] }, "/api/v1": core };
    const answer = answers[request.url!.split("?")[0]!] ?? { kind: "APIGroupList", apiVersion: "v1", groups: [] };
    response.setHeader("Content-Type", "application/json");
    response.end(JSON.stringify(answer));
  });
});
const SERVICES = { name: "services", singularName: "", namespaced: true, kind: "Service", verbs: ["list"] };

server.listen(0, "127.0.0.1");
await new Promise((resolve) => server.once("listening", resolve));
const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
const home = mkdtempSync(join(tmpdir(), "kubectl-"));
const { stdout: version } = await run(kubectl, ["version", "--client", "--output=json"]);
const { gitVersion } = (JSON.parse(version) as { clientVersion: { gitVersion: string } }).clientVersion;
const recorded: object[] = [];
for (const command of COMMANDS) {
  bodies.length = 0;
  // kubectl does not like the answer; by then it has sent what we want.
  await run(kubectl, ["--server", url, ...command], { env: { HOME: home }, timeout: 20_000 }).catch(() => undefined);
  for (const { method, url: path, body } of bodies) {
    recorded.push({ command: `kubectl ${command.join(" ")}`, request: `${method} ${path}`, body: body.toString("base64") });
  }
}
server.close();
rmSync(home, { recursive: true });
process.stdout.write(`${JSON.stringify({ kubectl: gitVersion, requests: recorded }, undefined, 1)}\n`);
