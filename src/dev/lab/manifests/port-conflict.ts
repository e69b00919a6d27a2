/** A Service that wants a port of the shared address that another Service has. */
export const PORT_CONFLICT = `apiVersion: v1
kind: Service
metadata:
  name: webapp-intruder
  namespace: webapp
  annotations:
    metallb.universe.tf/allow-shared-ip: "webapp-production"
spec:
  type: LoadBalancer
  loadBalancerIP: 192.168.1.200
  ports:
    - name: http
      port: 80
      targetPort: 8080
  selector:
    app: webapp
    tier: frontend
`;
