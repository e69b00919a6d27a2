import { expect, test } from "vitest";
import { projectLabPod } from "./pod-view.ts";

test("a Pod is reduced to what a kubelet needs", () => {
  const pod = projectLabPod({
    metadata: { name: "web", namespace: "webapp" },
    spec: {
      nodeName: "node-1",
      containers: [
        {
          name: "app",
          ports: [{ containerPort: 8080 }, { containerPort: 53, protocol: "UDP" }, { containerPort: "x" }],
        },
        { name: "side", readinessProbe: { httpGet: { path: "/readyz", port: 17472, host: "127.0.0.1" } } },
      ],
    },
    status: { podIPs: [{ ip: "10.244.1.2" }, { ip: "fd00:10:244:1::2" }] },
  });
  expect(pod).toEqual({
    namespace: "webapp",
    name: "web",
    node: "node-1",
    hostNetwork: false,
    addresses: ["10.244.1.2", "fd00:10:244:1::2"],
    containers: ["app", "side"],
    ports: [
      { protocol: "TCP", port: 8080 },
      { protocol: "UDP", port: 53 },
    ],
    probe: { host: "127.0.0.1", port: 17472, path: "/readyz" },
  });
});

test.each([{}, { spec: 7, status: [] }, { spec: { containers: {} }, status: { podIPs: "x" } }])(
  "what has the wrong shape counts as absent: %j",
  (fields) => {
    const pod = projectLabPod({ metadata: { name: "web" }, ...fields });
    expect(pod).toMatchObject({ node: "", addresses: [], containers: [], ports: [], probe: undefined });
  },
);
