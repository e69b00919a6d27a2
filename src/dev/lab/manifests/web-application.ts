/**
 * A web application whose three Services share one address by a sharing key, as users write it: the complete example of
 * a public guide to sharing addresses.
 */
export const WEB_APPLICATION = `# Complete IP sharing example for a web application stack
# This configuration shares a single IP across HTTP, HTTPS, and WebSocket services

---
# IP Address Pool - defines available IPs for MetalLB
apiVersion: metallb.io/v1beta1
kind: IPAddressPool
metadata:
  name: webapp-pool
  namespace: metallb-system
spec:
  addresses:
    - 192.168.1.200-192.168.1.210

---
# L2 Advertisement - enables ARP announcement for the IPs
apiVersion: metallb.io/v1beta1
kind: L2Advertisement
metadata:
  name: webapp-l2
  namespace: metallb-system
spec:
  ipAddressPools:
    - webapp-pool

---
# HTTP Service - handles plain HTTP traffic, typically for redirects to HTTPS
apiVersion: v1
kind: Service
metadata:
  name: webapp-http
  namespace: webapp
  annotations:
    # Sharing key groups this with other webapp services
    metallb.universe.tf/allow-shared-ip: "webapp-production"
  labels:
    app: webapp
    protocol: http
spec:
  type: LoadBalancer
  loadBalancerIP: 192.168.1.200
  ports:
    - name: http
      port: 80
      targetPort: 8080
      protocol: TCP
  selector:
    app: webapp
    tier: frontend

---
# HTTPS Service - handles encrypted traffic
apiVersion: v1
kind: Service
metadata:
  name: webapp-https
  namespace: webapp
  annotations:
    metallb.universe.tf/allow-shared-ip: "webapp-production"
  labels:
    app: webapp
    protocol: https
spec:
  type: LoadBalancer
  loadBalancerIP: 192.168.1.200
  ports:
    - name: https
      port: 443
      targetPort: 8443
      protocol: TCP
  selector:
    app: webapp
    tier: frontend

---
# WebSocket Service - handles real-time bidirectional communication
apiVersion: v1
kind: Service
metadata:
  name: webapp-websocket
  namespace: webapp
  annotations:
    metallb.universe.tf/allow-shared-ip: "webapp-production"
  labels:
    app: webapp
    protocol: websocket
spec:
  type: LoadBalancer
  loadBalancerIP: 192.168.1.200
  # Session affinity important for WebSocket connections
  sessionAffinity: ClientIP
  sessionAffinityConfig:
    clientIP:
      timeoutSeconds: 7200  # 2 hour timeout for long-lived connections
  ports:
    - name: websocket
      port: 8443
      targetPort: 9443
      protocol: TCP
  selector:
    app: webapp
    tier: websocket
`;
