const PROBE = {
  enabled: true,
  port: 17472,
  failureThreshold: 3,
  initialDelaySeconds: 10,
  periodSeconds: 10,
  successThreshold: 1,
  timeoutSeconds: 1,
};

const WORKLOAD = {
  enabled: true,
  logLevel: "info",
  "image.tag": null,
  "image.pullPolicy": null,
  "serviceAccount.create": true,
  "serviceAccount.name": "",
  "serviceAccount.annotations": {},
  resources: {},
  nodeSelector: {},
  affinity: {},
  podAnnotations: {},
  labels: {},
  tolerations: [],
  extraContainers: [],
  priorityClassName: "",
  runtimeClassName: "",
  livenessProbe: PROBE,
  readinessProbe: PROBE,
};

const MONITOR = {
  enabled: false,
  jobLabel: "app.kubernetes.io/name",
  interval: null,
  metricRelabelings: [],
  relabelings: [],
};

const ONE_MONITOR = { additionalLabels: {}, annotations: {}, tlsConfig: { insecureSkipVerify: true } };

const below = (prefix: string, values: object): Record<string, unknown> =>
  Object.fromEntries(Object.entries(values).map(([key, value]) => [`${prefix}.${key}`, value as unknown]));

/** Every value of the chart of MetalLB 0.16 with its default. */
export const REFERENCE_VALUES: Readonly<Record<string, unknown>> = {
  imagePullSecrets: [],
  nameOverride: "",
  fullnameOverride: "",
  loadBalancerClass: "",
  "rbac.create": true,
  ...below("tls", {
    cipherSuites: "",
    curvePreferences: "",
    minVersion: "",
    controllerMetricsTLSSecret: "",
    speakerMetricsTLSSecret: "",
  }),
  ...below("prometheus", {
    scrapeAnnotations: false,
    metricsPort: 9120,
    rbacPrometheus: true,
    serviceAccount: "",
    namespace: "",
  }),
  ...below("prometheus.podMonitor", { ...MONITOR, ...ONE_MONITOR }),
  ...below("prometheus.serviceMonitor", MONITOR),
  ...below("prometheus.serviceMonitor.speaker", ONE_MONITOR),
  ...below("prometheus.serviceMonitor.controller", ONE_MONITOR),
  ...below("prometheus.prometheusRule", { enabled: false, additionalLabels: {}, annotations: {}, extraAlerts: [] }),
  ...below("prometheus.prometheusRule.staleConfig", { enabled: true, labels: { severity: "warning" } }),
  ...below("prometheus.prometheusRule.configNotLoaded", { enabled: true, labels: { severity: "warning" } }),
  ...below("prometheus.prometheusRule.addressPoolExhausted", {
    enabled: true,
    labels: { severity: "critical" },
    excludePools: "",
  }),
  ...below("prometheus.prometheusRule.addressPoolUsage", {
    enabled: true,
    thresholds: [
      { percent: 75, labels: { severity: "warning" } },
      { percent: 85, labels: { severity: "warning" } },
      { percent: 95, labels: { severity: "critical" } },
    ],
    excludePools: "",
  }),
  ...below("prometheus.prometheusRule.bgpSessionDown", { enabled: true, labels: { severity: "critical" } }),
  ...below("controller", WORKLOAD),
  ...below("controller", {
    command: null,
    webhookMode: "enabled",
    "image.repository": "quay.io/metallb/controller",
    strategy: { type: "RollingUpdate" },
    securityContext: { runAsNonRoot: true, runAsUser: 65534, fsGroup: 65534 },
  }),
  ...below("speaker", WORKLOAD),
  ...below("speaker", {
    command: null,
    tolerateMaster: true,
    "excludeInterfaces.enabled": true,
    ignoreExcludeLB: false,
    bgpDebounceTimeout: null,
    "image.repository": "quay.io/metallb/speaker",
    updateStrategy: { type: "RollingUpdate" },
    securityContext: {},
    secretName: null,
    wanConfig: false,
    startupProbe: { enabled: true, failureThreshold: 30, periodSeconds: 5 },
  }),
  ...below("speaker.memberlist", {
    enabled: true,
    mlBindPort: 7946,
    mlBindAddrOverride: "",
    mlSecretKeyPath: "/etc/ml_secret_key",
  }),
  ...below("speaker.frr", {
    enabled: false,
    image: { repository: "quay.io/frrouting/frr", tag: "10.5.3", pullPolicy: null },
    metricsPort: 9121,
    resources: {},
  }),
  "speaker.reloader.resources": {},
  "speaker.frrMetrics.resources": {},
  ...below("speaker.initContainers", {
    "cpFrrFiles.resources": {},
    "cpReloader.resources": {},
    "cpMetrics.resources": {},
  }),
  "crds.enabled": true,
  "crds.validationFailurePolicy": "Fail",
  ...below("frrk8s", { enabled: true, external: false, namespace: "", secretPassthrough: false }),
  "frr-k8s.prometheus.serviceMonitor.enabled": false,
  ...below("networkpolicies", { enabled: false, defaultDeny: false, apiPort: 6443 }),
};

/** The same as one object: what a copy of the values.yaml of MetalLB's chart says. */
export function referenceValuesFile(): object {
  const values = {};
  for (const [path, value] of Object.entries(REFERENCE_VALUES)) setAt(values, path.split("."), value);
  return values;
}

function setAt(values: Record<string, unknown>, [first, ...rest]: readonly string[], value: unknown): void {
  if (rest.length === 0) values[first!] = value;
  else setAt((values[first!] ??= {}) as Record<string, unknown>, rest, value);
}
