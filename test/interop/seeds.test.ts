/**
 * The documents that users read, word for word: every YAML block is applied and every command is run, by kubectls of
 * three ages, against a cluster where helm has installed the chart as it is.
 */
import { readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Lab } from "../../src/dev/lab/lab.ts";
import { CHART, runHelm } from "../support/helm.ts";
import { Kubectl, KUBECTL_VERSIONS } from "../support/kubectl.ts";
import { openTestLab } from "../support/lab.ts";
import { requireOrSkip } from "../support/requirements.ts";
import { withRestOfConfig, yamlBlocks } from "../support/seeds.ts";

const need = requireOrSkip([
  "root",
  "netns",
  "addon",
  "bin:wget",
  ...KUBECTL_VERSIONS.map((v) => `bin:kubectl-${v}` as const),
]);
const GUIDE = yamlBlocks("sharing-guide.md");
const NOTES = yamlBlocks("notes.md");

/** What stands behind the documents' Services: an address without an endpoint is not announced. */
const POD = (namespace: string) => `apiVersion: v1
kind: Pod
metadata: { name: web-frontend-1, namespace: ${namespace}, labels: { app: web-frontend } }
spec:
  nodeName: node-1
  containers: [{ name: web, image: nginx, ports: [{ containerPort: 8080 }] }]
`;

const IP = (name: string, namespace = "default") =>
  `kubectl get service ${name} -n ${namespace} -o jsonpath='{.status.loadBalancer.ingress[0].ip}'`;

// Each test waits until a command prints what the document says it prints; the last one printing it is the assertion.
/* oxlint-disable vitest/expect-expect */
describe.skipIf(need.skip)("the users' documents", () => {
  let lab: Lab;

  beforeAll(async () => {
    lab = await openTestLab({ install: false });
    const install = ["install", "metallb", CHART, "-n", "metallb-system", "--create-namespace"];
    const { status, stderr } = await runHelm(install, lab.folder.kubeconfig);
    if (status !== 0) throw new Error(stderr);
    const kubectl = new Kubectl("1.36", readFileSync(lab.folder.kubeconfig, "utf8"));
    await kubectl.ok("kubectl rollout status -n metallb-system deployment/metallb-controller");
    await kubectl.ok("kubectl rollout status -n metallb-system daemonset/metallb-speaker");
  });
  afterAll(() => lab?.close());

  describe.each(KUBECTL_VERSIONS)("kubectl %s", (version) => {
    let kubectl: Kubectl;

    /** Runs `line` until its output contains `want`. The deadline only bounds a failure. */
    async function eventually(line: string, want: string | RegExp): Promise<string> {
      const deadline = Date.now() + 15_000;
      for (;;) {
        const { stdout, stderr } = await kubectl.run(line);
        if (typeof want === "string" ? stdout.includes(want) : want.test(stdout)) return stdout;
        if (Date.now() > deadline) throw new Error(`\`${line}\` never printed ${String(want)}:\n${stdout}${stderr}`);
      }
    }

    const apply = (yaml: string) => kubectl.ok("kubectl apply -f -", yaml);

    beforeAll(async () => {
      kubectl = new Kubectl(version, readFileSync(lab.folder.kubeconfig, "utf8"));
      for (const namespace of ["default", "kube-system"]) await apply(POD(namespace));
    });
    afterAll(async () => {
      await kubectl.ok("kubectl delete services -n default --all && kubectl delete namespace webapp --wait=false");
      await kubectl.ok("kubectl delete services -n kube-system --all");
      await kubectl.ok("kubectl delete ipaddresspools,l2advertisements,bgpadvertisements -n metallb-system --all");
      await kubectl.ok("kubectl delete deployment web-frontend -n default");
      await kubectl.ok(
        "kubectl delete pods -l app=web-frontend -n default && kubectl delete pods --all -n kube-system",
      );
      await eventually("kubectl get namespace webapp 2>&1 || true", "not found");
    });

    test("steps 1 to 4: two Services share an address", async () => {
      for (const block of GUIDE.slice(0, 4)) await apply(block);
      await eventually(IP("web-http"), "192.168.1.100");
      await eventually(IP("web-https"), "192.168.1.100");
      const table = await kubectl.ok("kubectl get services web-http web-https");
      expect(table).toMatch(/^NAME +TYPE +CLUSTER-IP +EXTERNAL-IP +PORT\(S\) +AGE\n/);
      expect(table).toMatch(/\nweb-http +LoadBalancer +10\.96\.\d+\.\d+ +192\.168\.1\.100 +80:3\d{4}\/TCP +\S+\n/);
      expect(table).toMatch(/\nweb-https +LoadBalancer +10\.96\.\d+\.\d+ +192\.168\.1\.100 +443:3\d{4}\/TCP +\S+\n/);
    });

    test("TCP and UDP may use one port of one address", async () => {
      await apply(GUIDE[4]!);
      await eventually(IP("dns-tcp"), "192.168.1.101");
      await eventually(IP("dns-udp"), "192.168.1.101");
    });

    test("a port conflict is refused, and every place the guide looks at says so", async () => {
      await apply(GUIDE[2]!.replace("name: web-http", "name: web-again"));
      const speaker = "kubectl logs -n metallb-system -l component=speaker | grep -i conflict";
      expect(await eventually(speaker, "web-again")).toContain("web-http");
      const controller = "kubectl logs -n metallb-system deployment/controller | tail -50";
      expect(await eventually(controller, "default/web-again")).toMatch(/conflict/i);
      const described = await eventually("kubectl describe service web-again", "AllocationFailed");
      expect(described).toMatch(/conflict.*default\/web-http/i);
      expect(await kubectl.ok("kubectl get service web-again")).toContain("<pending>");
      const sharing = await kubectl.ok(`kubectl get services -A -o wide | grep "192.168.1.100"`);
      expect(sharing.trim().split("\n")).toHaveLength(2);
      await kubectl.ok("kubectl delete service web-again");
    });

    test("the use cases get the addresses they ask for", async () => {
      for (const block of [5, 6, 7, 9]) await apply(GUIDE[block]!);
      const want: readonly (readonly [string, string])[] = [
        ["webapp-http", "192.168.1.102"],
        ["webapp-https", "192.168.1.102"],
        ["frontend", "192.168.1.103"],
        ["api-gateway", "192.168.1.103"],
        ["prometheus", "192.168.1.103"],
        ["grafana", "192.168.1.103"],
        ["game-server-main", "192.168.1.104"],
        ["game-server-rcon", "192.168.1.104"],
        ["game-server-voice", "192.168.1.104"],
        ["stateful-app", "192.168.1.105"],
        ["stateless-app", "192.168.1.105"],
      ];
      for (const [name, address] of want) await eventually(IP(name), address);
    });

    test("the objects beside the Services are accepted", async () => {
      for (const block of [10, 12, 13]) await apply(GUIDE[block]!);
      expect(await kubectl.ok("kubectl get bgpadvertisements -n metallb-system")).toContain("shared-ip-advertisement");
      expect(await kubectl.ok("kubectl get deployment web-frontend")).toContain("web-frontend");
    });

    test("the utilisation script counts the addresses in use", async () => {
      expect(await kubectl.ok("kubectl get services -A -o wide | grep LoadBalancer")).toContain("web-http");
      const count = `kubectl get services -A -o jsonpath='{.items[?(@.spec.type=="LoadBalancer")].status.loadBalancer.ingress[0].ip}' | tr ' ' '\\n' | sort -u | grep -v '^$' | wc -l`;
      expect((await kubectl.ok(count)).trim()).toBe("6");
      const sharing = String.raw`kubectl get services -A -o custom-columns='NAMESPACE:.metadata.namespace,NAME:.metadata.name,EXTERNAL-IP:.status.loadBalancer.ingress[0].ip,SHARING-KEY:.metadata.annotations.metallb\.universe\.tf/allow-shared-ip' | grep -v '<none>' | sort -k3`;
      const lines = (await kubectl.ok(sharing)).split("\n");
      expect(lines.find((line) => line.includes("web-http "))).toMatch(
        /default +web-http +192\.168\.1\.100 +web-services/,
      );
      const keys = String.raw`kubectl get services -A -o jsonpath='{range .items[*]}{.metadata.name}{"\t"}{.metadata.annotations.metallb\.universe\.tf/allow-shared-ip}{"\n"}{end}'`;
      expect(await kubectl.ok(keys)).toContain("web-https\tweb-services\n");
    });

    test("troubleshooting commands show what they promise", async () => {
      expect(await kubectl.ok("kubectl get ipaddresspools -n metallb-system -o yaml")).toContain(
        "192.168.1.100-192.168.1.110",
      );
      expect(await kubectl.ok("kubectl get l2advertisements -n metallb-system -o yaml")).toContain("- production-pool");
      // `kubectl logs -l` shows the last ten lines of each pod, so what the user looks for has just happened.
      await kubectl.ok("kubectl delete service web-http");
      await apply(GUIDE[2]!);
      const announced = String.raw`kubectl logs -n metallb-system -l component=speaker | grep -i "announcing\|claimed"`;
      expect(await eventually(announced, "default/web-http")).toContain("192.168.1.100");
      expect(await kubectl.ok("kubectl get endpoints web-http")).toMatch(/^NAME +ENDPOINTS +AGE\nweb-http /);
      const wget = "wget -qO- http://192.168.1.100:80";
      await eventually(`kubectl run test-pod --image=busybox --rm -it --restart=Never -- ${wget}`, "pod web-frontend");
    });

    test("Services that leave the rest to the reader work once it is there", async () => {
      await kubectl.ok("kubectl delete service web-http web-https");
      await apply(withRestOfConfig(GUIDE[8]!, 8000));
      await eventually(IP("service-a"), "192.168.1.100");
      await eventually(IP("service-b"), "192.168.1.100");
      await kubectl.ok("kubectl delete service service-a service-b");
      await apply(withRestOfConfig(GUIDE[14]!, 8000));
      await eventually(IP("my-service"), "192.168.1.100");
      for (const [, key] of GUIDE[11]!.matchAll(/^ +metallb\.universe\.tf\/allow-shared-ip: "([^"]+)"/gm)) {
        await kubectl.ok(`kubectl annotate service my-service --overwrite metallb.universe.tf/allow-shared-ip=${key}`);
        expect(await kubectl.ok(IP("my-service"))).toBe("192.168.1.100");
      }
    });

    test("the complete example", async () => {
      await kubectl.ok("kubectl create namespace webapp");
      await apply(GUIDE[15]!);
      for (const name of ["webapp-http", "webapp-https", "webapp-websocket"]) {
        await eventually(IP(name, "webapp"), "192.168.1.200");
      }
    });

    test("the notes: pools, annotations, and which node advertises", async () => {
      for (const block of NOTES.slice(0, 3)) await apply(block);
      const annotated = NOTES[3]!
        .replace("...\n", "")
        .replace("metadata:\n", "metadata:\n  name: NAME\n  namespace: kube-system\n");
      for (const [name, protocol] of [
        ["dns-over-tcp", "TCP"],
        ["dns-over-udp", "UDP"],
      ] as const) {
        const spec = `spec:\n  type: LoadBalancer\n  ports: [{ port: 53, protocol: ${protocol} }]\n  selector: { app: dns-server }\n`;
        await apply(annotated.replace("NAME", name) + spec);
        await eventually(IP(name, "kube-system"), "192.168.10.6");
      }
      await apply(`${annotated.replace("NAME", "traefik").replace(/ {2}annotations:\n( {4}.*\n)+/, "")}spec:
  type: LoadBalancer
  ports: [{ name: web, port: 80 }, { name: websecure, port: 443 }]
  selector: { app: web-frontend }\n  loadBalancerIP: 192.168.10.60\n`);
      await eventually(IP("traefik", "kube-system"), "192.168.10.60");
      const services = await kubectl.ok("kubectl -n kube-system get svc | grep -E 'NAME|LoadBalancer'");
      expect(services).toMatch(/^NAME +TYPE +CLUSTER-IP +EXTERNAL-IP +PORT\(S\) +AGE\n/);
      expect(services).toMatch(/\ntraefik +LoadBalancer +\S+ +192\.168\.10\.60 +80:3\d{4}\/TCP,443:3\d{4}\/TCP +\S+\n/);
      // kubectl 1.20 has no `events`; there, `describe` shows them.
      const events =
        version === "1.20"
          ? "kubectl describe service traefik -n kube-system"
          : "kubectl events -n kube-system --for Service/traefik";
      await eventually(events, /Normal +nodeAssigned .*announcing from node "node-[123]" with protocol "layer2"/);
    });
  });
});
