import { expect, test } from "vitest";
import { containerPlan, hasPrograms, mountPoints } from "./container-plan.ts";
import { type PodSpec, projectPod } from "./pod-spec.ts";

const AROUND = {
  hostAddresses: ["192.168.1.11"],
  addresses: ["192.168.1.11"],
  lookUp: () => undefined,
  apiServer: { host: "192.168.1.254", port: "6443" },
  machine: { node: "/opt/it's node", bundle: "/work/dist", rootless: false },
};

function pod(container: object, spec: object = {}): PodSpec {
  const containers = [{ name: "speaker", image: "ghcr.io/metallb-ts/speaker:1", ...container }];
  return projectPod({ metadata: { name: "web", namespace: "ns" }, spec: { hostNetwork: true, containers, ...spec } });
}

function script(of: PodSpec, rootless = false): string {
  const machine = { ...AROUND.machine, rootless };
  return containerPlan(of, of.containers[0]!, "/run/pods/u", { ...AROUND, machine }).script;
}

test("the image's entrypoint with the Pod's arguments, and variables in them", () => {
  const program = script(pod({ args: ["--host=$(HOSTNAME)", "it's"] }))
    .split("\n")
    .at(-1);
  expect(program).toMatch(/'\/metallb\/metallb\.mjs' 'speaker' '--host=web' 'it'\\''s'$/);
  expect(program).toMatch(
    /^exec "\$unshare" '--root=\/run\/pods\/u\/roots\/speaker' '--wd=\/' .*'--pdeathsig=KILL' '--' '\/usr/,
  );
});

test("a command replaces the entrypoint", () => {
  expect(script(pod({ command: ["/bin/true"], args: ["x"] }))).toMatch(/ '--' '\/bin\/true' 'x'$/);
});

test("Node and the bundle of this machine are where the image has them", () => {
  const lines = script(pod({})).split("\n");
  expect(lines).toContain(String.raw`mount --bind '/opt/it'\''s node' usr/local/bin/node`);
  expect(lines).toContain("mount --rbind '/work/dist' metallb");
});

test("mounts come from the Pod's volumes, outer ones first, and the service account last", () => {
  const mounts = [
    { name: "inner", mountPath: "/etc/metallb/inner" },
    { name: "outer", mountPath: "/etc/metallb" },
    { name: "one", mountPath: "/etc/one", subPath: "key" },
    { name: "space", mountPath: "/tmp/x" },
  ];
  const volumes = [
    { name: "outer", configMap: { name: "a" } },
    { name: "inner", secret: { secretName: "b" } },
    { name: "one", secret: { secretName: "c" } },
    { name: "space", emptyDir: {} },
  ];
  const made = pod({ volumeMounts: mounts }, { volumes });
  const lines = script(made).split("\n");
  const volumeLines = lines.filter((line) => line.includes("/run/pods/u/volumes"));
  expect(volumeLines).toEqual([
    "mount --bind '/run/pods/u/volumes/space' 'tmp/x'",
    "mount --bind '/run/pods/u/volumes/one/key' 'etc/one'",
    "mount --bind '/run/pods/u/volumes/outer' 'etc/metallb'",
    "mount --bind '/run/pods/u/volumes/inner' 'etc/metallb/inner'",
    "mount --bind '/run/pods/u/volumes/kube-api-access' 'var/run/secrets/kubernetes.io/serviceaccount'",
  ]);
  expect(lines.filter((line) => /remount,bind,ro '(etc|tmp|var)/.test(line))).toHaveLength(4);
  expect(mountPoints(made, "outer")).toEqual(["inner"]);
  expect(mountPoints(made, "space")).toEqual([]);
});

test("without a token there is no service account", () => {
  expect(script(pod({}, { automountServiceAccountToken: false }))).not.toContain("serviceaccount");
});

test.each([
  { container: {}, locked: false },
  { container: { securityContext: { readOnlyRootFilesystem: true } }, locked: true },
])("the root is read-only when the Pod says so: $locked", ({ container, locked }) => {
  expect(script(pod(container)).includes("\nmount -o remount,bind,ro .\n")).toBe(locked);
});

test("privileges are the Pod's, and without root only what a user can give up", () => {
  const securityContext = { runAsUser: 7, allowPrivilegeEscalation: false, capabilities: { drop: ["ALL"] } };
  expect(script(pod({ securityContext }))).toContain("'--reuid=7' '--regid=0' '--clear-groups' '--bounding-set=-all'");
  const rootless = script(pod({ securityContext }), true);
  expect(rootless).toContain(
    "'/usr/bin/setpriv' '--bounding-set=-all' '--inh-caps=-all' '--no-new-privs' '--pdeathsig=KILL'",
  );
});

test.each([
  { image: "ghcr.io/metallb-ts/controller", programs: true },
  { image: "nginx", programs: false },
])("$image has programs: $programs", ({ image, programs }) => {
  expect(hasPrograms(pod({ image }))).toBe(programs);
});
