import { describe, expect, test } from "vitest";
import type { SpeakerFlags } from "./flags.ts";
import { resolveSpeakerFlags, SPEAKER_ACCEPTED_FLAGS, SPEAKER_DEFAULTS } from "./flags.ts";

const ENV = { METALLB_NODE_NAME: "node-1", METALLB_NAMESPACE: "metallb-system", METALLB_POD_NAME: "speaker-x" };

function resolve(flags: Partial<SpeakerFlags>, env: Record<string, string> = ENV, podNamespace?: string) {
  return resolveSpeakerFlags({ ...SPEAKER_DEFAULTS, ...flags }, env, podNamespace);
}

test("the environment fills in what flags leave open, and flags win", () => {
  expect(resolve({}).flags).toMatchObject({ nodeName: "node-1", namespace: "metallb-system", podName: "speaker-x" });
  expect(resolve({ nodeName: "a", namespace: "b", podName: "c" }).flags).toMatchObject({
    nodeName: "a",
    namespace: "b",
    podName: "c",
  });
  expect(resolve({}, { METALLB_NODE_NAME: "a" }, "of-the-pod").flags.namespace).toBe("of-the-pod");
  expect(resolve({}).issues).toEqual([]);
});

test("so it does for membership", () => {
  const env = {
    ...ENV,
    METALLB_ML_BIND_ADDR: "192.0.2.1",
    METALLB_ML_BIND_PORT: "7947",
    METALLB_ML_LABELS: "app=metallb",
    METALLB_ML_SECRET_KEY_PATH: "/etc/ml_secret_key",
  };
  const want = {
    mlBindaddr: "192.0.2.1",
    mlBindport: "7947",
    mlLabels: "app=metallb",
    mlSecretKeyPath: "/etc/ml_secret_key",
  };
  expect(resolve({}, env).flags).toMatchObject(want);
  const flags = { mlBindaddr: "a", mlBindport: "b", mlLabels: "c", mlSecretKeyPath: "d" };
  expect(resolve(flags, env).flags).toMatchObject(flags);
});

describe("issues", () => {
  test.each<[Partial<SpeakerFlags>, Record<string, string>, string]>([
    [{}, { METALLB_NAMESPACE: "x" }, "give --node-name or set METALLB_NODE_NAME"],
    [{}, { METALLB_NODE_NAME: "x" }, "give --namespace or set METALLB_NAMESPACE"],
    [{ port: 65_536 }, ENV, "--port is 65536: use 0 to 65535"],
    [{ healthProbePort: -1 }, ENV, "--health-probe-port is -1"],
    [{ port: Number.NaN }, ENV, "--port is NaN"],
    [{ port: 9000, healthProbePort: 9000 }, ENV, "use different ports"],
    [{ logLevel: "loud" as "info" }, ENV, '--log-level is "loud"'],
    [{ bgpListenPort: "65536" }, ENV, '--bgp-listen-port (METALLB_BGP_LISTEN_PORT) is "65536": use 0 to 65535'],
    [{}, { ...ENV, METALLB_BGP_LISTEN_PORT: "bgp" }, 'is "bgp": use 0 to 65535'],
  ])("%j with %j", (flags, env, issue) => {
    expect(resolve(flags, env).issues).toEqual([expect.stringContaining(issue)]);
  });

  test("both ports may be 0", () => {
    expect(resolve({ port: 0, healthProbePort: 0 }).issues).toEqual([]);
  });
});

test("flags that change nothing here are explained", () => {
  const { notes, issues } = resolve(
    { accepted: Object.keys(SPEAKER_ACCEPTED_FLAGS) },
    { ...ENV, METALLB_BGP_TYPE: "frr-k8s" },
  );
  expect(issues).toEqual([]);
  expect(notes).toHaveLength(Object.keys(SPEAKER_ACCEPTED_FLAGS).length + 1);
  expect(notes).toContain("--host is deprecated and has no effect");
  expect(notes).toContain("METALLB_BGP_TYPE=frr-k8s is accepted; BGP is built in and the same for all types");
});
