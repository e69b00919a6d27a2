import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { parseExcludedInterfaces } from "../../src/speaker/excluded-interfaces.ts";
import { renderValues as of, workloads } from "../support/chart-renderings.ts";
import type { Manifest } from "../support/helm.ts";
import { manifestOf } from "../support/helm.ts";

const { version: VERSION } = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8")) as {
  version: string;
};

const controllerOf = (name: string) => containerOf(of(name), "controller");
const speakerOf = (name: string) => containerOf(of(name), "speaker");

function podOf(manifests: readonly Manifest[], name: "controller" | "speaker") {
  const found = workloads(manifests).find(({ metadata, spec }) => {
    return metadata.labels!["app.kubernetes.io/component"] === name && spec.replicas !== 0;
  });
  return found!["spec"].template.spec;
}

function containerOf(manifests: readonly Manifest[], name: "controller" | "speaker") {
  return podOf(manifests, name).containers[0];
}

const USUAL_PROBE = {
  initialDelaySeconds: 10,
  periodSeconds: 10,
  timeoutSeconds: 1,
  successThreshold: 1,
  failureThreshold: 3,
};

const fieldEnv = (name: string, fieldPath: string): object => ({ name, valueFrom: { fieldRef: { fieldPath } } });

describe("the controller's Pod", () => {
  test("is as MetalLB's", () => {
    const { volumes, ...pod } = podOf(of("default"), "controller");
    expect(pod).toMatchObject({
      serviceAccountName: "metallb-controller",
      nodeSelector: { "kubernetes.io/os": "linux" },
      securityContext: { runAsNonRoot: true, runAsUser: 65534, fsGroup: 65534 },
      terminationGracePeriodSeconds: 10,
    });
    expect(volumes).toEqual([
      { name: "cert", secret: { secretName: "metallb-webhook-cert", defaultMode: 0o644, optional: true } },
    ]);
    expect(pod.containers).toEqual([
      {
        name: "controller",
        image: `ghcr.io/metallb-ts/controller:${VERSION}`,
        args: ["--port=9120", "--health-probe-port=17472", "--log-level=info", "--webhook-mode=enabled"],
        env: [
          fieldEnv("METALLB_POD_NAME", "metadata.name"),
          { name: "METALLB_ML_SECRET_NAME", value: "metallb-memberlist" },
          { name: "METALLB_DEPLOYMENT", value: "metallb-controller" },
        ],
        ports: [
          { name: "metricshttps", containerPort: 9120 },
          { name: "webhook-server", containerPort: 9443 },
        ],
        livenessProbe: { httpGet: { path: "/healthz", port: 17472 }, ...USUAL_PROBE },
        readinessProbe: { httpGet: { path: "/readyz", port: 17472 }, ...USUAL_PROBE },
        securityContext: expect.anything(),
        volumeMounts: [{ name: "cert", mountPath: "/tmp/k8s-webhook-server/serving-certs", readOnly: true }],
      },
    ]);
  });

  test("is told of the speakers' Secret only if there is one", () => {
    for (const name of ["without-membership", "without-speakers"]) {
      expect(controllerOf(name).env).toEqual([fieldEnv("METALLB_POD_NAME", "metadata.name")]);
    }
    expect(controllerOf("everything").env).toContainEqual({ name: "METALLB_ML_SECRET_NAME", value: "members" });
    expect(controllerOf("plain-names").env).toContainEqual({ name: "METALLB_DEPLOYMENT", value: "controller" });
  });

  test("has nothing of webhooks without them", () => {
    const { args, ports, volumeMounts } = controllerOf("without-webhooks");
    expect(args).toContain("--webhook-mode=disabled");
    expect([ports, volumeMounts]).toEqual([[{ name: "metricshttps", containerPort: 9120 }], undefined]);
    const kinds = of("without-webhooks").map(({ kind }) => kind);
    expect(kinds).not.toContain("ValidatingWebhookConfiguration");
    expect(kinds).not.toContain("Service");
    expect(kinds).not.toContain("Secret");
  });

  test("takes what the user asks for", () => {
    const { containers, securityContext, ...pod } = podOf(of("everything"), "controller");
    expect(pod).toMatchObject({
      imagePullSecrets: [{ name: "registry" }],
      nodeSelector: { "example.com/infra": "true", "kubernetes.io/os": "linux" },
      priorityClassName: "system-cluster-critical",
      runtimeClassName: "runc",
      tolerations: [{ key: "example.com/infra", operator: "Exists" }],
      topologySpreadConstraints: [{ topologyKey: "topology.kubernetes.io/zone" }],
    });
    expect(securityContext.seccompProfile).toEqual({ type: "RuntimeDefault" });
    expect(containers).toMatchObject([
      { image: "registry.example.com/metallb-ts/controller:1.2.3", imagePullPolicy: "Always" },
      { name: "sidecar" },
    ]);
    expect(containers[0].args).toEqual([
      "--port=7472",
      "--health-probe-port=17472",
      "--log-level=debug",
      "--lb-class=example.com/edge",
      "--tls-min-version=VersionTLS12",
      "--tls-cipher-suites=TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
      "--tls-curve-preferences=29,4588",
      "--metrics-cert-dir=/etc/metrics",
      "--webhook-mode=enabled",
    ]);
    const { labels, annotations } = manifestOf(of("everything"), "Deployment", "edge-controller")["spec"].template
      .metadata;
    expect(labels).toMatchObject({ "example.com/tier": "infra", app: "metallb", "app.kubernetes.io/name": "balancer" });
    expect(annotations).toMatchObject({
      "example.com/owner": "network",
      "prometheus.io/scrape": "true",
      "prometheus.io/port": "7472",
    });
  });

  test("of several is protected from drains, and spread", () => {
    const selector = {
      matchLabels: manifestOf(of("replicas"), "Deployment", "metallb-controller")["spec"].selector.matchLabels,
    };
    expect(manifestOf(of("replicas"), "PodDisruptionBudget", "metallb-controller")["spec"]).toEqual({
      maxUnavailable: 1,
      selector,
    });
    expect(podOf(of("replicas"), "controller").topologySpreadConstraints).toEqual([
      {
        topologyKey: "kubernetes.io/hostname",
        maxSkew: 1,
        whenUnsatisfiable: "ScheduleAnyway",
        labelSelector: selector,
      },
    ]);
    expect(of("default").map(({ kind }) => kind)).not.toContain("PodDisruptionBudget");
  });
});

describe("deployment/controller", () => {
  test("has no Pods of its own, and finds those of the controller", () => {
    const plain = manifestOf(of("default"), "Deployment", "controller")["spec"];
    const real = manifestOf(of("default"), "Deployment", "metallb-controller")["spec"];
    expect(plain).toMatchObject({
      replicas: 0,
      selector: { matchLabels: { app: "metallb", component: "controller" } },
    });
    expect(plain.template).toEqual(real.template);
    expect(real.template.metadata.labels).toMatchObject(plain.selector.matchLabels);
  });

  test.each(["plain-names", "alone", "without-controller"])("is not added with %s-values.yaml", (name) => {
    const names = workloads(of(name)).map(({ metadata }) => metadata.name);
    expect(names.filter((each) => each === "controller")).toHaveLength(name === "plain-names" ? 1 : 0);
    expect(workloads(of(name)).filter(({ spec }) => spec.replicas === 0)).toEqual([]);
  });
});

describe("the speaker's Pod", () => {
  test("is as MetalLB's", () => {
    const { containers, volumes, ...pod } = podOf(of("default"), "speaker");
    expect(pod).toMatchObject({
      serviceAccountName: "metallb-speaker",
      hostNetwork: true,
      nodeSelector: { "kubernetes.io/os": "linux" },
      tolerations: ["master", "control-plane"].map((role) => {
        return { key: `node-role.kubernetes.io/${role}`, effect: "NoSchedule", operator: "Exists" };
      }),
    });
    // It hands its addresses over and takes its routes back: two seconds at most.
    expect(pod.terminationGracePeriodSeconds).toBeGreaterThanOrEqual(2);
    expect(volumes).toEqual([
      { name: "memberlist", secret: { secretName: "metallb-memberlist", defaultMode: 0o400 } },
      {
        name: "memberlist-config",
        configMap: { name: "metallb-memberlist-config", optional: true, defaultMode: 0o400 },
      },
      { name: "metallb-excludel2", configMap: { name: "metallb-excludel2", defaultMode: 0o400 } },
    ]);
    expect(containers).toEqual([
      {
        name: "speaker",
        image: `ghcr.io/metallb-ts/speaker:${VERSION}`,
        args: ["--port=9120", "--health-probe-port=17472", "--log-level=info"],
        env: [
          fieldEnv("METALLB_NODE_NAME", "spec.nodeName"),
          fieldEnv("METALLB_POD_NAME", "metadata.name"),
          fieldEnv("METALLB_HOST", "status.hostIP"),
          fieldEnv("METALLB_ML_BIND_ADDR", "status.podIP"),
          { name: "METALLB_ML_BIND_PORT", value: "7946" },
          { name: "METALLB_ML_LABELS", value: "app.kubernetes.io/name=metallb,app.kubernetes.io/component=speaker" },
          { name: "METALLB_ML_SECRET_KEY_PATH", value: "/etc/ml_secret_key" },
        ],
        ports: [
          { name: "metricshttps", containerPort: 9120 },
          { name: "memberlist-tcp", containerPort: 7946, protocol: "TCP" },
          { name: "memberlist-udp", containerPort: 7946, protocol: "UDP" },
        ],
        livenessProbe: { httpGet: { host: "127.0.0.1", path: "/healthz", port: 17472 }, ...USUAL_PROBE },
        readinessProbe: { httpGet: { host: "127.0.0.1", path: "/readyz", port: 17472 }, ...USUAL_PROBE },
        securityContext: expect.anything(),
        volumeMounts: [
          { name: "memberlist", mountPath: "/etc/ml_secret_key", readOnly: true },
          { name: "metallb-excludel2", mountPath: "/etc/metallb", readOnly: true },
          { name: "memberlist-config", mountPath: "/etc/metallb/memberlist", readOnly: true },
        ],
      },
    ]);
  });

  test("is told nothing of membership without it, and nothing of interfaces without the list", () => {
    const names = speakerOf("all-interfaces").env.map(({ name }: { name: string }) => name);
    expect(names).toEqual(["METALLB_NODE_NAME", "METALLB_POD_NAME", "METALLB_HOST"]);
    const { volumes, tolerations } = podOf(of("all-interfaces"), "speaker");
    expect([volumes, tolerations, speakerOf("all-interfaces").volumeMounts]).toEqual([undefined, undefined, undefined]);
    expect(of("all-interfaces").map(({ kind }) => kind)).not.toContain("ConfigMap");
  });

  test("takes what the user asks for", () => {
    const { args, env, ports, volumeMounts } = speakerOf("everything");
    expect(args.slice(-4)).toEqual([
      "--metrics-cert-dir=/etc/metrics",
      "--ignore-exclude-lb",
      "--ml-wan-config",
      "--bgp-listen-port=179",
    ]);
    expect(env).toContainEqual({ name: "METALLB_ML_BIND_ADDR", value: "192.0.2.1" });
    expect(env).toContainEqual({ name: "METALLB_ML_BIND_PORT", value: "7000" });
    expect(env).toContainEqual({
      name: "METALLB_ML_LABELS",
      value: "app.kubernetes.io/name=balancer,app.kubernetes.io/component=speaker",
    });
    expect(ports).toContainEqual({ name: "bgp", containerPort: 179 });
    expect(volumeMounts).toContainEqual({ name: "memberlist", mountPath: "/etc/members", readOnly: true });
    expect(podOf(of("everything"), "speaker").securityContext).toEqual({
      runAsUser: 0,
      seccompProfile: { type: "Unconfined" },
    });
  });

  test.each([
    ["default", ["NET_RAW", "NET_BIND_SERVICE"], undefined],
    ["everything", ["NET_RAW", "NET_BIND_SERVICE"], 179],
    ["listening-nowhere", ["NET_RAW"], 0],
    ["listening-high", ["NET_RAW"], 1790],
  ] as const)("has the capabilities that its BGP port needs: %s-values.yaml", (name, capabilities, port) => {
    const { securityContext, args } = speakerOf(name);
    expect(securityContext.capabilities.add).toEqual(capabilities);
    const flag = (args as string[]).find((each) => each.startsWith("--bgp-listen-port="));
    expect(flag).toBe(port === undefined ? undefined : `--bgp-listen-port=${port}`);
  });

  test("can read its list of interfaces, which excludes those of Pods and no others", () => {
    const { data } = manifestOf(of("default"), "ConfigMap", "metallb-excludel2") as unknown as {
      data: Record<string, string>;
    };
    const parsed = parseExcludedInterfaces(data["excludel2.yaml"]!);
    if (!parsed.ok) throw new Error(parsed.error);
    const excluded = new RegExp(parsed.value, "u");
    const pods = ["lo", "docker0", "cbr0", "dummy0", "virbr1", "lxcbr0", "veth12ab", "cali1", "tunl0", "flannel.1"];
    const more = ["kube-ipvs0", "cni0", "nodelocaldns", "lxc1", "lxdbr0", "eth0", "ens3", "bond0", "br0", "lo0"];
    expect([...pods, ...more].filter((name) => excluded.test(name))).toEqual([...pods, ...more.slice(0, 4)]);
  });
});

test.each(["metallb-frr", "metallb-old"])("%s-values.yaml, which is for MetalLB, changes nothing", (name) => {
  expect(of(name)).toEqual(of("default"));
});
