/** A pool with addresses of both families, and a Service that has one of each. */
export const DUAL_STACK = `apiVersion: metallb.io/v1beta1
kind: IPAddressPool
metadata:
  name: dual-stack-pool
  namespace: metallb-system
spec:
  addresses:
    - 192.168.1.220-192.168.1.229
    - fd00:192:168:1::220-fd00:192:168:1::229
---
apiVersion: metallb.io/v1beta1
kind: L2Advertisement
metadata:
  name: dual-stack-l2
  namespace: metallb-system
spec:
  ipAddressPools:
    - dual-stack-pool
---
apiVersion: v1
kind: Service
metadata:
  name: webapp-dual-stack
  namespace: webapp
  annotations:
    metallb.io/address-pool: dual-stack-pool
spec:
  type: LoadBalancer
  ipFamilyPolicy: RequireDualStack
  ports:
    - name: http
      port: 80
      targetPort: 8080
  selector:
    app: webapp
    tier: frontend
`;
