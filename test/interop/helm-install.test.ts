/** The chart in a cluster: real helm installs it, its Pods run as it says, and it is upgraded and removed under load. */
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { AnswerTimes } from "../../src/dev/lab/answer-times.ts";
import type { Lab } from "../../src/dev/lab/lab.ts";
import { NODES } from "../../src/dev/lab/topology.ts";
import { imageConfig } from "../support/dockerfile.ts";
import { CHART, runHelm } from "../support/helm.ts";
import { Kubectl } from "../support/kubectl.ts";
import { openTestLab } from "../support/lab.ts";
import { requireOrSkip } from "../support/requirements.ts";
import { webBehindPool } from "../support/web-behind-pool.ts";

const NAMESPACE = "metallb-system";

const APPLICATION = webBehindPool({ replicas: 3 });

const OVERLAPPING = `
apiVersion: metallb.io/v1beta1
kind: IPAddressPool
metadata: { name: overlapping, namespace: ${NAMESPACE} }
spec: { addresses: [192.168.1.110-192.168.1.120] }
`;

/** As the kernel numbers them (capabilities(7)). */
const CAPABILITIES = { cap_net_bind_service: 1n << 10n, cap_net_raw: 1n << 13n } as const;

/** Longer than any move of an address, shorter than a session with nobody. */
const LONGEST_GAP_MS = 4000;

describe.skipIf(requireOrSkip(["root", "netns", "addon", "bin:kubectl-1.36"]).skip)("helm install", () => {
  let lab: Lab;
  let kubectl: Kubectl;

  beforeAll(async () => {
    lab = await openTestLab({ install: false });
    kubectl = new Kubectl("1.36", readFileSync(lab.folder.kubeconfig, "utf8"));
  });
  afterAll(() => lab?.close());

  async function helm(...args: readonly string[]): Promise<void> {
    const { status, stdout, stderr } = await runHelm([...args, "-n", NAMESPACE], lab.folder.kubeconfig);
    if (status !== 0) throw new Error(`helm ${args.join(" ")}: ${stdout}${stderr}`);
  }

  const inNamespace = (line: string): Promise<string> => kubectl.ok(`kubectl -n ${NAMESPACE} ${line}`);

  /** Waits until everything runs as it should; says what is there, and what nodes have done, when it doesn't. */
  async function rolledOut(): Promise<void> {
    try {
      await inNamespace("rollout status --timeout=60s deployment/metallb-controller");
      await inNamespace("rollout status --timeout=60s daemonset/metallb-speaker");
    } catch (error) {
      const pods = await inNamespace("get pods,secrets -o wide");
      const nodes = NODES.map(({ name }) => readFileSync(lab.folder.standInLog(`agent-${name}`), "utf8"));
      const logs = nodes.map((log) => log.split("\n").slice(-25).join("\n"));
      throw new Error([pods, ...logs].join("\n"), { cause: error });
    }
  }

  /** Runs shell lines with `$p` as the process of a program, and prints what they print. */
  async function inspect(program: "controller" | "speaker", script: string): Promise<string> {
    const find = `p=$(pgrep -of '^/usr/local/bin/node .* /metallb/metallb.mjs ${program} ')`;
    const { stdout, stderr } = await lab.run("node-1", ["sh", "-ec", `${find}\n${script}`]);
    return stdout + stderr;
  }

  test("brings up a controller and a speaker on every node", async () => {
    await helm("install", "metallb", CHART, "--create-namespace");
    await rolledOut();
    await inNamespace("wait --for=condition=Ready pod --all --timeout=60s");
    const pods = await inNamespace("get pods -o wide");
    expect(pods).toMatch(
      /\nmetallb-controller-[a-z0-9]{10}-[a-z0-9]{5} +1\/1 +Running +0 +\S+ +192\.168\.1\.\d\d +node-/,
    );
    for (const n of [1, 2, 3]) {
      expect(pods).toMatch(
        new RegExp(`\nmetallb-speaker-[a-z0-9]{5} +1/1 +Running +0 +\\S+ +192.168.1.1${n} +node-${n} `),
      );
    }
  });

  test.each([
    { program: "controller", user: 65_534, capabilities: [], args: ["--webhook-mode=enabled"] },
    { program: "speaker", user: 0, capabilities: ["cap_net_bind_service", "cap_net_raw"], args: ["--log-level=info"] },
  ] as const)("the $program's process is what its Pod says", async ({ program, user, capabilities, args }) => {
    const { entrypoint } = imageConfig(program);
    const command = (await inspect(program, "cat /proc/$p/cmdline")).split("\0");
    expect(command.slice(0, entrypoint.length)).toEqual(entrypoint);
    expect(command).toEqual(expect.arrayContaining(["--port=9120", ...args]));
    const status = await inspect(program, "cat /proc/$p/status");
    const mask = capabilities.reduce((sum: bigint, name) => sum + CAPABILITIES[name], 0n);
    const caps = mask.toString(16).padStart(16, "0");
    expect(status).toMatch(new RegExp(`Uid:\t${user}\t${user}\t${user}\t${user}\n`));
    expect(status).toMatch(new RegExp(`CapInh:\t0+\nCapPrm:\t${caps}\nCapEff:\t${caps}\nCapBnd:\t${caps}\n`));
    expect(status).toContain("NoNewPrivs:\t1\n");
    const root = await inspect(program, "cd /proc/$p/root; ls; touch x usr/x metallb/x tmp/x || true");
    expect(root).toMatch(/^bin\ndev\netc\nlib\n(lib\w+\n)*metallb\nproc\nsbin\nsys\ntmp\nusr\nvar\n/);
    expect(root.match(/Read-only file system/g)).toHaveLength(4);
    const account = "/proc/$p/root/var/run/secrets/kubernetes.io/serviceaccount";
    expect(await inspect(program, `ls ${account}; cat ${account}/namespace`)).toBe(
      `ca.crt\nnamespace\ntoken\n${NAMESPACE}`,
    );
  });

  test("files of Secrets are for those who may read them, and come when there is something to read", async () => {
    const key = "/proc/$p/root/etc/ml_secret_key/secretkey";
    expect(await inspect("speaker", `stat -Lc '%a %u' ${key}`)).toBe("400 0\n");
    const certificates = "/proc/$p/root/tmp/k8s-webhook-server/serving-certs";
    await expect.poll(() => inspect("controller", `ls ${certificates}`)).toBe("ca.crt\nca.key\ntls.crt\ntls.key\n");
    expect(await inspect("controller", `stat -Lc '%a %g' ${certificates}/tls.key`)).toBe("644 65534\n");
  });

  test("serves a Service, and refuses a pool that overlaps", async () => {
    await kubectl.ok("kubectl apply -f -", APPLICATION);
    await expect
      .poll(() => kubectl.ok(`kubectl get service web -o jsonpath='{.status.loadBalancer.ingress[0].ip}'`), {
        timeout: 15_000,
      })
      .toBe("192.168.1.100");
    expect(await kubectl.run("kubectl apply -f -", OVERLAPPING)).toMatchObject({
      status: 1,
      stderr: expect.stringMatching(
        /admission webhook "ipaddresspoolvalidationwebhook\.metallb\.io" denied .*overlap/,
      ) as string,
    });
  });

  test("upgrades Pod by Pod while the Service is answered", async () => {
    const before = await inNamespace("get pods -o name");
    const client = lab.startSteadyClient(["http://192.168.1.100/"]);
    const times = new AnswerTimes();
    createInterface({ input: client.stdout! }).on("line", (line) => times.add(line));
    await expect.poll(() => times.count("http://192.168.1.100/"), { timeout: 15_000 }).toBeGreaterThan(5);
    await helm("upgrade", "metallb", CHART, "--set", "speaker.logLevel=debug,controller.logLevel=debug");
    await rolledOut();
    const answered = times.count("http://192.168.1.100/");
    await expect.poll(() => times.count("http://192.168.1.100/"), { timeout: 15_000 }).toBeGreaterThan(answered + 5);
    client.stdout!.destroy();
    expect(times.longestGap("http://192.168.1.100/")).toBeLessThan(LONGEST_GAP_MS);
    const kept = async (): Promise<string[]> => {
      const now = (await inNamespace("get pods -o name")).trim().split("\n");
      return now.filter((pod) => before.includes(pod));
    };
    await expect.poll(kept, { timeout: 15_000 }).toEqual([]);
    expect(await inNamespace("logs -l component=speaker --tail=-1")).toContain('"level":"debug"');
    expect(await kubectl.ok("kubectl get service web")).toContain("192.168.1.100");
  });

  test("starts again what ends", async () => {
    await inspect("controller", "kill -KILL $p");
    const restarts = "get pods -l app.kubernetes.io/component=controller --no-headers";
    await expect.poll(() => inNamespace(restarts), { timeout: 15_000 }).toMatch(/ 1\/1 +Running +1 /);
  });

  test("scales the controller", async () => {
    await inNamespace("scale deployment/metallb-controller --replicas=2");
    await rolledOut();
    const nodes = await inNamespace(
      "get pods -l app.kubernetes.io/component=controller -o jsonpath='{.items[*].spec.nodeName}'",
    );
    expect(new Set(nodes.split(" ")).size).toBe(2);
    await inNamespace("scale deployment/metallb-controller --replicas=1");
    await expect.poll(() => inNamespace("get pods -o name"), { timeout: 15_000 }).toMatch(/^(pod\S+\n){4}$/);
  });

  test("runs without webhooks, and then nobody refuses the pool", async () => {
    await helm(
      "upgrade",
      "metallb",
      CHART,
      "--reuse-values",
      "--set",
      "controller.webhookMode=disabled,crds.conversion=None",
    );
    await rolledOut();
    await kubectl.ok("kubectl apply -f - && kubectl delete ipaddresspool overlapping -n metallb-system", OVERLAPPING);
    const command = (): Promise<string> => inspect("controller", "cat /proc/$p/cmdline");
    await expect.poll(command, { timeout: 15_000 }).toContain("--webhook-mode=disabled");
    expect(await kubectl.ok("kubectl get service web")).toContain("192.168.1.100");
  });

  test("uninstall leaves neither Pods nor processes", async () => {
    await helm("uninstall", "metallb");
    await expect.poll(() => inNamespace("get pods -o name"), { timeout: 20_000 }).toBe("");
    const { stdout } = await lab.run("node-1", ["ps", "-eo", "args"]);
    expect(stdout).not.toMatch(/metallb\.mjs (controller|speaker)/);
    expect(stdout).toContain("lab-node");
  });
});
