import { expect, test } from "vitest";
import { environmentOf, expand, type Surroundings } from "./environment.ts";
import { projectPod } from "./pod-spec.ts";
import type { SourceName } from "./sources.ts";

const SOURCES: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  "Secret ns/keys": { a: "1", b: "2" },
  "ConfigMap ns/settings": { level: "info" },
};

const AROUND: Surroundings = {
  hostAddresses: ["192.168.1.11", "fd00::11"],
  addresses: ["10.0.0.2", "fd00::2"],
  apiServer: { host: "192.168.1.254", port: "6443" },
  lookUp: ({ kind, namespace, name }: SourceName) => {
    const data = SOURCES[`${kind} ${namespace}/${name}`];
    return data === undefined
      ? undefined
      : new Map(Object.entries(data).map(([key, text]) => [key, Buffer.from(text)]));
  },
};

function environment(container: object): Record<string, string> {
  const pod = projectPod({
    metadata: { name: "web", namespace: "ns", uid: "u", labels: { app: "x" } },
    spec: { nodeName: "node-1", serviceAccountName: "sa", containers: [container] },
  });
  return environmentOf(pod, pod.containers[0]!, AROUND);
}

const field = (fieldPath: string): object => ({ name: "V", valueFrom: { fieldRef: { fieldPath } } });
const key = (kind: string, reference: object): object => ({ name: "V", valueFrom: { [kind]: reference } });

test("where the API server is, and who it is", () => {
  expect(environment({ image: "ghcr.io/metallb-ts/speaker:1" })).toEqual({
    PATH: "/usr/local/bin",
    HOME: "/",
    HOSTNAME: "web",
    KUBERNETES_SERVICE_HOST: "192.168.1.254",
    KUBERNETES_SERVICE_PORT: "6443",
  });
});

test.each([
  { entry: { name: "V", value: "x" }, value: "x" },
  { entry: { name: "V", value: "$(HOSTNAME)/$(UNKNOWN)/$$(HOSTNAME)" }, value: "web/$(UNKNOWN)/$(HOSTNAME)" },
  { entry: field("metadata.name"), value: "web" },
  { entry: field("metadata.namespace"), value: "ns" },
  { entry: field("metadata.labels['app']"), value: "x" },
  { entry: field("spec.nodeName"), value: "node-1" },
  { entry: field("spec.serviceAccountName"), value: "sa" },
  { entry: field("status.hostIP"), value: "192.168.1.11" },
  { entry: field("status.podIP"), value: "10.0.0.2" },
  { entry: field("status.podIPs"), value: "10.0.0.2,fd00::2" },
  { entry: key("secretKeyRef", { name: "keys", key: "b" }), value: "2" },
  { entry: key("configMapKeyRef", { name: "settings", key: "level" }), value: "info" },
  { entry: key("secretKeyRef", { name: "none", key: "b", optional: true }), value: undefined },
  { entry: key("secretKeyRef", { name: "keys", key: "c", optional: true }), value: undefined },
])("$entry is $value", ({ entry, value }) => {
  expect(environment({ env: [entry] })["V"]).toBe(value);
});

test.each([
  { entry: key("secretKeyRef", { name: "none", key: "a" }), problem: 'secret "none" not found' },
  { entry: key("secretKeyRef", { name: "keys", key: "c" }), problem: "couldn't find key c in Secret ns/keys" },
  { entry: key("configMapKeyRef", { name: "none", key: "a" }), problem: 'configmap "none" not found' },
  { entry: field("spec.containers"), problem: "unsupported fieldPath: spec.containers" },
  { entry: key("resourceFieldRef", {}), problem: "environment variable V: this valueFrom is not known here" },
])("$problem", ({ entry, problem }) => {
  expect(() => environment({ env: [entry] })).toThrow(problem);
});

test("all keys of a source, under a prefix, and single variables win", () => {
  const envFrom = [{ prefix: "K_", secretRef: { name: "keys" } }, { configMapRef: { name: "none", optional: true } }];
  expect(environment({ envFrom, env: [{ name: "K_a", value: "mine" }] })).toMatchObject({ K_a: "mine", K_b: "2" });
});

test("two dollar signs are one, and a name that is not known stays", () => {
  expect(expand("$$(A) $(A) $(B) $A", { A: "1" })).toBe("$(A) 1 $(B) $A");
});
