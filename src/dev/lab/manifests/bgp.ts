/** A router on the LAN, with a session for each family; what it is told of all pools. */
export const BGP_ROUTER = `apiVersion: metallb.io/v1beta2
kind: BGPPeer
metadata:
  name: router-ipv4
  namespace: metallb-system
spec:
  myASN: 64512
  peerASN: 64513
  peerAddress: 192.168.1.1
---
apiVersion: metallb.io/v1beta2
kind: BGPPeer
metadata:
  name: router-ipv6
  namespace: metallb-system
spec:
  myASN: 64512
  peerASN: 64513
  peerAddress: fd00:192:168:1::1
---
apiVersion: metallb.io/v1beta1
kind: BGPAdvertisement
metadata:
  name: routes
  namespace: metallb-system
spec:
  ipAddressPools:
    - webapp-pool
    - dual-stack-pool
    - routed-pool
  weightByEndpoints: true
`;

/** A pool whose addresses are in no network: only routes lead to them. A Service that keeps traffic on the node. */
export const ROUTED_SERVICE = `apiVersion: metallb.io/v1beta1
kind: IPAddressPool
metadata:
  name: routed-pool
  namespace: metallb-system
spec:
  addresses:
    - 203.0.113.10-203.0.113.19
    - 2001:db8:203:113::10-2001:db8:203:113::19
---
apiVersion: v1
kind: Service
metadata:
  name: webapp-weighted
  namespace: webapp
  annotations:
    metallb.io/address-pool: routed-pool
spec:
  type: LoadBalancer
  externalTrafficPolicy: Local
  ipFamilyPolicy: RequireDualStack
  ports:
    - name: http
      port: 80
      targetPort: 8080
  selector:
    app: webapp
    tier: weighted
`;
