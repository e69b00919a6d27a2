import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { dashboardText } from "../../scripts/generate-dashboard.ts";
import { CHART, type Manifest, manifestOf, renderChart } from "../support/helm.ts";
import type { AlertRule, RuleGroups } from "../support/promtool.ts";

const PROMETHEUS = { serviceAccount: "prometheus", namespace: "monitoring" };
const PODS = { podMonitor: { enabled: true } };
const SERVICES = { serviceMonitor: { enabled: true } };

function render(prometheus: object, more: object = {}, release = "metallb"): readonly Manifest[] {
  return renderChart({ release, values: { prometheus: { ...PROMETHEUS, ...prometheus }, ...more } });
}

function namesOf(manifests: readonly Manifest[], ...kinds: readonly string[]): readonly string[] {
  return manifests
    .filter(({ kind }) => kinds.includes(kind))
    .map(({ kind, metadata }) => `${kind} ${metadata.name}`)
    .sort();
}

function alertsOf(manifests: readonly Manifest[], name = "metallb"): readonly AlertRule[] {
  const { groups } = manifestOf(manifests, "PrometheusRule", name)["spec"] as RuleGroups;
  return groups.flatMap(({ rules }) => rules);
}

const endpointsOf = (monitor: Manifest) =>
  (monitor["spec"]["podMetricsEndpoints"] ?? monitor["spec"]["endpoints"]) as readonly Record<string, unknown>[];

describe("monitors", () => {
  test("are not there unless they are asked for", () => {
    const kinds = renderChart().map(({ kind, metadata }) => `${kind} ${metadata.name}`);
    expect(
      kinds.filter((name) => /Monitor|PrometheusRule|metrics|prometheus|dashboard|NetworkPolicy/.test(name)),
    ).toEqual([]);
  });

  test("PodMonitors come with an account that reads, its token, and what Prometheus must see", () => {
    const manifests = render(PODS);
    expect(namesOf(manifests, "PodMonitor", "ServiceMonitor")).toEqual([
      "PodMonitor metallb-controller",
      "PodMonitor metallb-speaker",
    ]);
    const secret = manifestOf(manifests, "Secret", "metallb-metrics-token");
    expect(secret).toMatchObject({
      type: "kubernetes.io/service-account-token",
      metadata: { annotations: { "kubernetes.io/service-account.name": "metallb-metrics-reader" } },
    });
    manifestOf(manifests, "ServiceAccount", "metallb-metrics-reader");
    expect(manifestOf(manifests, "ClusterRole", "metallb-metrics-reader")["rules"]).toEqual([
      { nonResourceURLs: ["/metrics"], verbs: ["get"] },
    ]);
    expect(manifestOf(manifests, "Role", "metallb-prometheus")["rules"]).toEqual([
      { apiGroups: [""], resources: ["pods"], verbs: ["get", "list", "watch"] },
    ]);
    expect(manifestOf(manifests, "RoleBinding", "metallb-prometheus")["subjects"]).toEqual([
      { kind: "ServiceAccount", name: "prometheus", namespace: "monitoring" },
    ]);
  });

  test("ServiceMonitors come with headless Services for the same Pods and ports", () => {
    const manifests = render({ ...SERVICES, metricsPort: 7472 });
    expect(namesOf(manifests, "PodMonitor", "ServiceMonitor")).toEqual([
      "ServiceMonitor metallb-controller-monitor",
      "ServiceMonitor metallb-speaker-monitor",
    ]);
    for (const of of ["controller", "speaker"]) {
      const service = manifestOf(manifests, "Service", `metallb-${of}-monitor-service`);
      const { spec } = manifestOf(manifests, "ServiceMonitor", `metallb-${of}-monitor`);
      const workload = manifestOf(manifests, of === "controller" ? "Deployment" : "DaemonSet", `metallb-${of}`);
      expect(service.metadata.labels).toMatchObject(spec["selector"]["matchLabels"] as object);
      expect(workload["spec"]["template"]["metadata"]["labels"]).toMatchObject(service["spec"]["selector"] as object);
      expect(service["spec"]).toMatchObject({
        clusterIP: "None",
        ports: [{ name: spec["endpoints"][0]["port"] as string, targetPort: 7472 }],
      });
    }
    expect(manifestOf(manifests, "Role", "metallb-prometheus")["rules"]).toMatchObject([
      { resources: ["pods", "services", "endpoints"] },
      { apiGroups: ["discovery.k8s.io"], resources: ["endpointslices"] },
    ]);
  });

  test.each([
    { kind: "PodMonitor", names: ["metallb-controller", "metallb-speaker"], where: (options: object) => options },
    {
      kind: "ServiceMonitor",
      names: ["metallb-controller-monitor", "metallb-speaker-monitor"],
      where: ({ additionalLabels, annotations, tlsConfig, ...common }: Record<string, unknown>) => {
        const own = { additionalLabels, annotations, tlsConfig };
        return { ...common, controller: own, speaker: own };
      },
    },
  ])("$kind takes every option", ({ kind, names, where }) => {
    const relabeling = { targetLabel: "cluster", replacement: "here" };
    const options = where({
      additionalLabels: { team: "network" },
      annotations: { note: "ours" },
      tlsConfig: { insecureSkipVerify: false, serverName: "metallb" },
      interval: 15,
      jobLabel: "team",
      relabelings: [relabeling],
      metricRelabelings: [{ action: "labeldrop", regex: "endpoint" }],
    });
    const key = kind === "PodMonitor" ? "podMonitor" : "serviceMonitor";
    const manifests = render({ [key]: { enabled: true, ...options } });
    for (const monitor of names.map((name) => manifestOf(manifests, kind, name))) {
      expect(monitor.metadata).toMatchObject({ labels: { team: "network" }, annotations: { note: "ours" } });
      expect(monitor["spec"]).toMatchObject({ jobLabel: "team" });
      expect(endpointsOf(monitor)).toMatchObject([
        {
          scheme: "https",
          interval: "15s",
          tlsConfig: { insecureSkipVerify: false, serverName: "metallb" },
          relabelings: [{ targetLabel: "node" }, relabeling],
          metricRelabelings: [{ action: "labeldrop", regex: "endpoint" }],
        },
      ]);
    }
  });

  test("there is none of what isn't installed, and no role for Prometheus unless it is wanted", () => {
    const manifests = render(
      { ...PODS, rbacPrometheus: false, podMonitor: { enabled: true, interval: "2m" } },
      { speaker: { enabled: false }, frrk8s: { enabled: false } },
    );
    expect(namesOf(manifests, "PodMonitor", "Role")).not.toContain("PodMonitor metallb-speaker");
    expect(namesOf(manifests, "Role")).not.toContain("Role metallb-prometheus");
    expect(endpointsOf(manifestOf(manifests, "PodMonitor", "metallb-controller"))).toMatchObject([{ interval: "2m" }]);
  });
});

describe("alerts", () => {
  const rule = (options: object = {}) => ({ prometheusRule: { enabled: true, ...options } });

  test("make no object when all of them are off", () => {
    const { prometheus } = parse(readFileSync(join(CHART, "values.yaml"), "utf8")) as {
      readonly prometheus: { readonly prometheusRule: Readonly<Record<string, { readonly enabled?: boolean }>> };
    };
    const alerts = Object.entries(prometheus.prometheusRule).filter(([, { enabled }]) => enabled === true);
    const off = Object.fromEntries(alerts.map(([name]) => [name, { enabled: false }]));
    expect(alerts.length).toBeGreaterThan(10);
    expect(namesOf(render(rule(off)), "PrometheusRule")).toEqual([]);
    expect(namesOf(render(rule({ ...off, noLeader: { enabled: true } })), "PrometheusRule")).toHaveLength(1);
  });

  test.each([
    { name: "Pods, usual label", values: PODS, job: "metallb" },
    { name: "Services, usual label", values: SERVICES, job: "metallb" },
    {
      name: "Pods, the release's name",
      values: { podMonitor: { enabled: true, jobLabel: "app.kubernetes.io/instance" } },
      job: "edge",
    },
    {
      name: "Pods, by component",
      values: { podMonitor: { enabled: true, jobLabel: "component" } },
      job: "controller|speaker",
    },
    {
      name: "Pods, a label they don't have",
      values: { podMonitor: { enabled: true, jobLabel: "nothing" } },
      job: "metallb-system/edge-metallb-controller|metallb-system/edge-metallb-speaker",
    },
    {
      name: "Services, no label",
      values: { serviceMonitor: { enabled: true, jobLabel: "" } },
      job: "edge-metallb-controller-monitor-service|edge-metallb-speaker-monitor-service",
    },
    { name: "another name", values: PODS, more: { nameOverride: "lb.x" }, fullname: "edge-lb.x", job: "lb\\\\.x" },
  ])("ask for the jobs that Prometheus makes of our monitors: $name", ({ values, more, fullname, job }) => {
    const alerts = alertsOf(render({ ...values, ...rule() }, more, "edge"), fullname ?? "edge-metallb");
    const loaded = alerts.find(({ alert }) => alert === "MetalLBConfigNotLoaded")!;
    expect(loaded.expr).toContain(`loaded_bool{job=~"${job}", namespace="metallb-system"} == 0`);
  });

  test("ask for no job when somebody else tells Prometheus what to scrape", () => {
    const [stale] = alertsOf(render(rule()));
    expect(stale!.expr).toBe("metallb_k8s_client_config_stale_bool == 1\nunless metallb_controller_leader == 0");
  });

  test("take their options", () => {
    const labels = { severity: "page", team: "network" };
    const extra = { alert: "Ours", expr: "vector(1)", annotations: { summary: "always" } };
    const thresholds = [{ percent: 50, labels }];
    const off = { enabled: false };
    const manifests = render(
      rule({
        additionalLabels: { release: "prometheus" },
        annotations: { note: "ours" },
        staleConfig: off,
        configNotLoaded: off,
        addressPoolExhausted: { excludePools: "test-.*", labels },
        addressPoolUsage: { thresholds, excludePools: "test" },
        bgpSessionDown: { labels },
        bgpSessionFlapping: off,
        noLeader: off,
        servicesPending: off,
        serviceNotAnnounced: off,
        duplicateOwner: off,
        speakerInDoubt: off,
        membershipSplit: off,
        webhookCertificateExpires: { days: 7 },
        extraAlerts: [extra],
      }),
    );
    const { metadata } = manifestOf(manifests, "PrometheusRule", "metallb");
    expect(metadata).toMatchObject({ labels: { release: "prometheus" }, annotations: { note: "ours" } });
    const alerts = alertsOf(manifests);
    expect(alerts).toMatchObject([
      { alert: "MetalLBAddressPoolExhausted", labels },
      { alert: "MetalLBAddressPoolUsage50Percent", labels, expr: expect.stringContaining("> 50") as string },
      { alert: "MetalLBBGPSessionDown", labels },
      { alert: "MetalLBWebhookCertificateExpires", expr: expect.stringContaining("7 * 86400") as string },
      extra,
    ]);
    expect(alerts[0]!.expr.split('{pool!~"test-.*"}')).toHaveLength(4);
    expect(alerts[1]!.expr.split('{pool!~"test"}')).toHaveLength(4);
  });

  test("of what isn't there are left out", () => {
    const names = (more: object) => alertsOf(render(rule(), more)).map(({ alert }) => alert);
    expect(names({ controller: { webhookMode: "disabled" } })).not.toContain("MetalLBWebhookCertificateExpires");
    expect(names({ controller: { webhookMode: "onlywebhook" } })).not.toContain("MetalLBNoLeader");
  });
});

describe("the dashboard", () => {
  test("is in a ConfigMap that Grafana's sidecar finds", () => {
    const dashboard = { enabled: true, annotations: { grafana_folder: "Network" }, namespace: "monitoring" };
    const { metadata, ...rest } = manifestOf(render({ dashboard }), "ConfigMap", "metallb-dashboard");
    expect(metadata).toMatchObject({
      namespace: "monitoring",
      labels: { grafana_dashboard: "1" },
      annotations: { grafana_folder: "Network" },
    });
    expect(JSON.parse(rest["data"]["metallb.json"] as string)).toEqual(JSON.parse(dashboardText()));
  });
});
