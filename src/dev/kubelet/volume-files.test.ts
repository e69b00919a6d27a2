import { expect, test } from "vitest";
import { projectPod } from "./pod-spec.ts";
import { sourceKey, sourcesOfPod } from "./sources.ts";
import { filesOf, type VolumeContext } from "./volume-files.ts";
import { ACCOUNT_VOLUME } from "./volume-spec.ts";

const CONTEXT: VolumeContext = {
  hostAddresses: ["192.168.1.11"],
  addresses: ["10.0.0.2"],
  lookUp: ({ name }) =>
    name === "keys"
      ? new Map([
          ["a", Buffer.from("1")],
          ["b", Buffer.from("2")],
        ])
      : undefined,
  token: (audience) => `token for ${audience || "the API server"}`,
  authority: "PEM",
};

function files(volume: object): Record<string, readonly [string, string]> {
  const pod = projectPod({ metadata: { name: "web", namespace: "ns" }, spec: { volumes: [{ name: "v", ...volume }] } });
  return contents(filesOf(pod.volumes[0]!, pod, CONTEXT));
}

function contents(found: ReturnType<typeof filesOf>): Record<string, readonly [string, string]> {
  const entries = [...found].map(
    ([path, { content, mode }]) => [path, [content.toString(), mode.toString(8)]] as const,
  );
  return Object.fromEntries(entries);
}

test.each([
  { volume: { secret: { secretName: "keys" } }, want: { a: ["1", "644"], b: ["2", "644"] } },
  { volume: { secret: { secretName: "keys", defaultMode: 256 } }, want: { a: ["1", "400"], b: ["2", "400"] } },
  {
    volume: { configMap: { name: "keys", items: [{ key: "b", path: "sub/x", mode: 384 }] } },
    want: { "sub/x": ["2", "600"] },
  },
  { volume: { configMap: { name: "none", optional: true } }, want: {} },
  { volume: { configMap: { name: "keys", optional: true, items: [{ key: "c", path: "c" }] } }, want: {} },
  {
    volume: { downwardAPI: { items: [{ path: "name", fieldRef: { fieldPath: "metadata.name" } }] } },
    want: { name: ["web", "644"] },
  },
  {
    volume: {
      projected: {
        defaultMode: 288,
        sources: [
          { serviceAccountToken: { path: "t", audience: "vault" } },
          { secret: { name: "keys", items: [{ key: "a", path: "a" }] } },
        ],
      },
    },
    want: { t: ["token for vault", "440"], a: ["1", "440"] },
  },
  { volume: { emptyDir: {} }, want: {} },
])("$volume", ({ volume, want }) => {
  expect(files(volume)).toEqual(want);
});

test.each([
  { volume: { secret: { secretName: "none" } }, problem: 'volume "v" : secret "none" not found' },
  { volume: { configMap: { name: "none" } }, problem: 'configmap "none" not found' },
  {
    volume: { secret: { secretName: "keys", items: [{ key: "c", path: "c" }] } },
    problem: "non-existent secret key: c",
  },
])("$problem", ({ volume, problem }) => {
  expect(() => files(volume)).toThrow(problem);
});

test("a service account has what client libraries look for", () => {
  const pod = projectPod({ metadata: { name: "web", namespace: "ns" } });
  expect(contents(filesOf(ACCOUNT_VOLUME, pod, CONTEXT))).toEqual({
    token: ["token for the API server", "644"],
    "ca.crt": ["PEM", "644"],
    namespace: ["ns", "644"],
  });
});

test("what a Pod refers to is known before it is there", () => {
  const env = [{ name: "A", valueFrom: { secretKeyRef: { name: "one", key: "a" } } }];
  const pod = projectPod({
    metadata: { name: "web", namespace: "ns" },
    spec: {
      volumes: [
        { name: "v", secret: { secretName: "two" } },
        { name: "w", configMap: { name: "one" } },
      ],
      initContainers: [{ name: "i", envFrom: [{ configMapRef: { name: "three" } }] }],
      containers: [
        { name: "c", env },
        { name: "d", env },
      ],
    },
  });
  expect(sourcesOfPod(pod, pod.volumes).map(sourceKey)).toEqual([
    "Secret ns/two",
    "ConfigMap ns/one",
    "ConfigMap ns/three",
    "Secret ns/one",
  ]);
});
