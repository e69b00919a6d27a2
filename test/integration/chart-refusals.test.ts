import { cpSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { CHART, tryRenderChart } from "../support/helm.ts";
import { referenceValuesFile } from "../support/reference-values.ts";

/** Values that helm refuses, and with which words. */
const REFUSED: readonly { readonly name: string; readonly values: object; readonly says: readonly string[] }[] = [
  {
    name: "what MetalLB's chart was configured with once",
    values: { configInline: { "address-pools": [] } },
    says: ["configInline is no longer read: write IPAddressPools and L2Advertisements or BGPAdvertisements"],
  },
  {
    name: "MetalLB's own program",
    values: { controller: { command: "/controller" } },
    says: ["controller.command is /controller, which is MetalLB's own program: leave it out"],
  },
  {
    name: "cipher suites of TLS 1.2 when only TLS 1.3 is spoken",
    values: { tls: { cipherSuites: "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256" } },
    says: ["tls.cipherSuites are those of TLS 1.2: set tls.minVersion to VersionTLS12, or leave them out"],
  },
  {
    name: "speakers on some nodes that don't know of each other",
    values: { speaker: { nodeSelector: { "example.com/edge": "true" }, memberlist: { enabled: false } } },
    says: ["speaker.nodeSelector needs speaker.memberlist.enabled"],
  },
  {
    name: "several controllers without a leader",
    values: { controller: { replicas: 2, leaderElection: { enabled: false } } },
    says: ["controller.replicas is 2 without controller.leaderElection.enabled"],
  },
  {
    name: "one port for two servers",
    values: { prometheus: { metricsPort: 17472 } },
    says: [
      "controller.livenessProbe.port and prometheus.metricsPort are both 17472: use different ports",
      "prometheus.metricsPort and speaker.livenessProbe.port are both 17472: use different ports",
    ],
  },
  {
    name: "the webhooks' port for metrics",
    values: { prometheus: { metricsPort: 9443 } },
    says: ["prometheus.metricsPort and the webhooks' port are both 9443"],
  },
  {
    name: "the metrics' port for membership and BGP",
    values: { speaker: { bgpListenPort: 9120, memberlist: { mlBindPort: 9120 } } },
    says: [
      "prometheus.metricsPort and speaker.bgpListenPort are both 9120",
      "prometheus.metricsPort and speaker.memberlist.mlBindPort are both 9120",
      "speaker.bgpListenPort and speaker.memberlist.mlBindPort are both 9120",
    ],
  },
  {
    name: "probes of two ports",
    values: { speaker: { readinessProbe: { port: 17473 } } },
    says: ["speaker.readinessProbe.port is 17473 and speaker.livenessProbe.port 17472: one port serves both"],
  },
  {
    name: "both kinds of monitors",
    values: {
      prometheus: {
        rbacPrometheus: false,
        podMonitor: { enabled: true },
        serviceMonitor: { enabled: true },
      },
    },
    says: ["prometheus.podMonitor.enabled and prometheus.serviceMonitor.enabled are both true"],
  },
  {
    name: "a monitor for a Prometheus that isn't named",
    values: { prometheus: { podMonitor: { enabled: true } } },
    says: ["prometheus.serviceAccount is missing", "prometheus.namespace is missing"],
  },
  {
    name: "a monitor without metrics",
    values: { prometheus: { metricsPort: 0, rbacPrometheus: false, serviceMonitor: { enabled: true } } },
    says: ["prometheus.metricsPort is 0, so there is nothing to monitor"],
  },
  {
    name: "values of wrong types, and out of range",
    values: {
      controller: { logLevel: "chatty", webhookMode: "on", replicas: -1, livenessProbe: { periodSeconds: "10" } },
      speaker: { bgpDebounceTimeout: 0, bgpListenPort: 65_536, image: { tag: 0.16 }, readinessProbe: { port: null } },
      prometheus: {
        podMonitor: { interval: "often" },
        prometheusRule: { addressPoolUsage: { thresholds: [{ percent: 101 }, {}] } },
      },
      tls: { minVersion: "1.2" },
      crds: { validationFailurePolicy: "Maybe" },
      imagePullSecrets: [{ name: "registry", nmae: "typo" }],
    },
    says: [
      "controller.logLevel: controller.logLevel must be one of the following",
      "controller.webhookMode: controller.webhookMode must be one of the following",
      "controller.replicas: Must be greater than or equal to 0",
      "controller.livenessProbe.periodSeconds: Invalid type. Expected: integer, given: string",
      "speaker.bgpDebounceTimeout: Must be greater than or equal to 1",
      "speaker.bgpListenPort: Must be less than or equal to 65535",
      "speaker.image.tag: Invalid type. Expected: [string,null], given: number",
      "speaker.readinessProbe: port is required",
      "prometheus.podMonitor.interval: Does not match pattern",
      "prometheus.prometheusRule.addressPoolUsage.thresholds.0.percent: Must be less than or equal to 100",
      "prometheus.prometheusRule.addressPoolUsage.thresholds.1: percent is required",
      "tls.minVersion: tls.minVersion must be one of the following",
      "crds.validationFailurePolicy: crds.validationFailurePolicy must be one of the following",
      "imagePullSecrets.0: Additional property nmae is not allowed",
    ],
  },
];

describe("the chart refuses", () => {
  test.each(REFUSED)("$name", ({ values, says }) => {
    const rendering = tryRenderChart({ values });
    if (rendering.ok) throw new Error("it was rendered");
    for (const sentence of says) expect(rendering.error).toContain(sentence);
    const sentences = rendering.error.split("\n").filter((line) => /^\s*- /.test(line));
    expect(sentences).toHaveLength(says.length);
  });

  test("no values at their limits", () => {
    const thresholds = [{ percent: 0 }, { percent: 100, labels: {} }];
    const values = {
      controller: { replicas: 0, terminationGracePeriodSeconds: 0, command: ["node", "controller"] },
      speaker: { bgpDebounceTimeout: 1, bgpListenPort: 65_535, wanConfig: "yes", command: "speaker", secretName: null },
      prometheus: {
        metricsPort: 1,
        rbacPrometheus: false,
        podMonitor: { enabled: true, interval: 1 },
        serviceMonitor: { interval: "1y2w3d4h5m6s7ms" },
        prometheusRule: { enabled: true, addressPoolUsage: { thresholds } },
      },
      tls: { minVersion: "VersionTLS13" },
    };
    expect(tryRenderChart({ values })).toMatchObject({ ok: true });
  });

  test("a Kubernetes that is too old", () => {
    const { error } = tryRenderChart({ kubeVersion: "1.20.15" }) as { error: string };
    expect(error).toContain("chart requires kubeVersion: >=1.21.0-0 which is incompatible with Kubernetes v1.20.15");
  });

  test("the defaults of MetalLB's chart, which helm upgrade --reuse-values puts in the place of ours", () => {
    const chart = mkdtempSync(join(tmpdir(), "metallb-chart-"));
    try {
      cpSync(CHART, chart, { recursive: true });
      writeFileSync(join(chart, "values.yaml"), JSON.stringify(referenceValuesFile()));
      const { error } = tryRenderChart({ chart }) as { error: string };
      for (const missing of ["replicas", "leaderElection"])
        expect(error).toContain(`controller: ${missing} is required`);
    } finally {
      rmSync(chart, { recursive: true });
    }
  });

  /** MetalLB's chart refuses these; here they contradict each other about something that is not there. */
  test.each([
    { speaker: { frr: { enabled: true } }, frrk8s: { enabled: true } },
    { frrk8s: { enabled: true, external: true } },
    { frrk8s: { external: true } },
    { speaker: { enabled: false }, frrk8s: { enabled: true } },
  ])("none of FRR's values: %j", (values) => {
    expect(tryRenderChart({ values })).toMatchObject({ ok: true });
  });
});
