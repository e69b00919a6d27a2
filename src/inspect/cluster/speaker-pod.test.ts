import { describe, expect, test } from "vitest";
import { projectSpeakerPod } from "./speaker-pod.ts";

const MANIFEST = { component: "speaker" };
const CHART = { "app.kubernetes.io/component": "speaker" };
const READY = [
  { type: "Initialized", status: "True" },
  { type: "Ready", status: "True" },
];

test.each([
  { name: "of the manifests", labels: MANIFEST, conditions: READY, want: true },
  { name: "of the chart", labels: CHART, conditions: READY, want: true },
  { name: "not ready", labels: MANIFEST, conditions: [{ type: "Ready", status: "False" }], want: false },
  { name: "not yet told", labels: MANIFEST, conditions: undefined, want: false },
  { name: "of nonsense", labels: MANIFEST, conditions: "Ready", want: false },
  { name: "going", labels: MANIFEST, conditions: READY, going: "2026-01-01T00:00:00Z", want: false },
  { name: "of a controller", labels: { component: "controller" }, conditions: READY, want: undefined },
  { name: "without labels", labels: undefined, conditions: READY, want: undefined },
])("a Pod $name", ({ labels, conditions, going, want }) => {
  const metadata = { name: "p", ...(labels && { labels }), ...(going && { deletionTimestamp: going }) };
  const pod = projectSpeakerPod({ metadata, spec: { nodeName: "a" }, status: { conditions } });
  expect(pod).toEqual(
    want === undefined
      ? undefined
      : { name: "p", node: "a", ready: want, metricsPort: 9120, serviceAccount: "default" },
  );
});

test("a Pod without a node is nobody's speaker", () => {
  expect(projectSpeakerPod({ metadata: { name: "p", labels: MANIFEST }, spec: {} })).toBeUndefined();
});

describe("where it serves its metrics", () => {
  const speaker = (more: object) => ({ name: "speaker", ...more });
  const port = (name: string, containerPort: number) => ({ name, containerPort });
  const frr = { name: "frr-metrics", args: ["--metrics-port=7473"], ports: [port("monitoring", 7473)] };
  test.each([
    { name: "a flag", containers: [speaker({ args: ["--log-level=info", "--port=7472"] })], want: 7472 },
    { name: "a flag in two words", containers: [speaker({ args: ["--port", "7472"] })], want: 7472 },
    { name: "a flag as Go writes it", containers: [speaker({ command: ["/speaker", "-port=7472"] })], want: 7472 },
    { name: "none", containers: [speaker({ args: ["--port=0"], ports: [port("monitoring", 7472)] })], want: 0 },
    {
      name: "a port's name",
      containers: [speaker({ ports: [port("memberlist", 7946), port("monitoring", 1)] })],
      want: 1,
    },
    { name: "another name", containers: [speaker({ ports: [port("metricshttps", 2)] })], want: 2 },
    { name: "neither", containers: [speaker({ args: ["--health-probe-port=1"] })], want: 9120 },
    { name: "another container's", containers: [frr, speaker({ args: ["--port=3"] })], want: 3 },
    { name: "nonsense", containers: [speaker({ args: ["--port=x", 7], ports: ["monitoring"] })], want: 9120 },
    { name: "no containers", containers: undefined, want: 9120 },
  ])("$name", ({ containers, want }) => {
    const spec = { nodeName: "a", containers, serviceAccountName: "metallb-speaker" };
    const pod = projectSpeakerPod({ metadata: { name: "p", labels: MANIFEST }, spec });
    expect(pod).toMatchObject({ metricsPort: want, serviceAccount: "metallb-speaker" });
  });
});
