/**
 * The kinds of the Prometheus Operator that the chart has objects of, as CustomResourceDefinitions that take any field: what
 * is in the objects is checked by the operator's own types and schemas.
 */
export function prometheusOperatorCrds(): readonly object[] {
  return ["PodMonitor", "ServiceMonitor", "PrometheusRule"].map((kind) => {
    const plural = `${kind.toLowerCase()}s`;
    const schema = { openAPIV3Schema: { type: "object", "x-kubernetes-preserve-unknown-fields": true } };
    return {
      apiVersion: "apiextensions.k8s.io/v1",
      kind: "CustomResourceDefinition",
      metadata: { name: `${plural}.monitoring.coreos.com` },
      spec: {
        group: "monitoring.coreos.com",
        names: { kind, plural, singular: kind.toLowerCase(), listKind: `${kind}List` },
        scope: "Namespaced",
        versions: [{ name: "v1", served: true, storage: true, schema }],
      },
    };
  });
}
