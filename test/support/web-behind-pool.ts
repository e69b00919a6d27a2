/** As clusters keep it. */
const NAMESPACE = "metallb-system";

export interface WebOptions {
  /** Pods of the application; default: 1. */
  readonly replicas?: number;
  /** Of the Service. */
  readonly annotations?: Readonly<Record<string, string>>;
}

/** Manifests of a Service `default/web` with its Pods, and of a pool of 192.168.1.100 to .110 that layer 2 announces. */
export function webBehindPool({ replicas = 1, annotations = {} }: WebOptions = {}): string {
  return `
apiVersion: metallb.io/v1beta1
kind: IPAddressPool
metadata: { name: pool, namespace: ${NAMESPACE} }
spec: { addresses: [192.168.1.100-192.168.1.110] }
---
apiVersion: metallb.io/v1beta1
kind: L2Advertisement
metadata: { name: pool, namespace: ${NAMESPACE} }
---
apiVersion: apps/v1
kind: Deployment
metadata: { name: web, namespace: default }
spec:
  replicas: ${replicas}
  selector: { matchLabels: { app: web } }
  template:
    metadata: { labels: { app: web } }
    spec: { containers: [{ name: web, image: nginx, ports: [{ containerPort: 8080 }] }] }
---
apiVersion: v1
kind: Service
metadata: { name: web, namespace: default, annotations: ${JSON.stringify(annotations)} }
spec: { type: LoadBalancer, selector: { app: web }, ports: [{ port: 80, targetPort: 8080 }] }
`;
}
