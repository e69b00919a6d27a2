import { expect, test } from "vitest";
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
  expect(pod).toEqual(want === undefined ? undefined : { name: "p", node: "a", ready: want });
});

test("a Pod without a node is nobody's speaker", () => {
  expect(projectSpeakerPod({ metadata: { name: "p", labels: MANIFEST }, spec: {} })).toBeUndefined();
});
