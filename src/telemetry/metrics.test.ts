import { describe, expect, test } from "vitest";
import { BugError } from "../lib/errors.ts";
import { createMetrics } from "./metrics.ts";

describe("metrics", () => {
  test("are exposed under the names that existing dashboards use", async () => {
    const metrics = createMetrics("controller");
    metrics.set("metallb_allocator_addresses_total", { pool: "a" }, 256);
    metrics.add("metallb_k8s_client_updates_total", {}, 2);
    metrics.add("metallb_k8s_client_updates_total", {}, 3);
    const text = await metrics.text();
    expect(text).toContain("# TYPE metallb_allocator_addresses_total gauge");
    expect(text).toContain('metallb_allocator_addresses_total{pool="a"} 256\n');
    expect(text).toContain("metallb_k8s_client_updates_total 5\n");
    expect(text).toContain("process_resident_memory_bytes");
    expect(metrics.contentType).toMatch(/^text\/plain/);
  });

  test("layer-2 counters are exposed under the known name and the conventional one", async () => {
    const metrics = createMetrics("speaker");
    metrics.add("metallb_layer2_responses_sent", { ip: "2001:db8::1" }, 4);
    const text = await metrics.text();
    expect(text).toContain('metallb_layer2_responses_sent{ip="2001:db8::1"} 4\n');
    expect(text).toContain('metallb_layer2_responses_sent_total{ip="2001:db8::1"} 4\n');
  });

  test("a histogram is exposed with its buckets", async () => {
    const metrics = createMetrics("controller");
    for (const value of [0.004, 0.2, 100]) metrics.observe("metallb_controller_status_write_seconds", {}, value);
    const text = await metrics.text();
    expect(text).toContain('metallb_controller_status_write_seconds_bucket{le="0.005"} 1\n');
    expect(text).toContain('metallb_controller_status_write_seconds_bucket{le="60"} 2\n');
    expect(text).toContain("metallb_controller_status_write_seconds_count 3\n");
  });

  test("a removed series is gone, others stay", async () => {
    const metrics = createMetrics("speaker");
    const labels = { service: "shop/web", protocol: "layer2", node: "a" };
    metrics.set("metallb_speaker_announced", { ...labels, ip: "10.0.0.1" }, 1);
    metrics.set("metallb_speaker_announced", { ...labels, ip: "10.0.0.2" }, 1);
    metrics.remove("metallb_speaker_announced", { ...labels, ip: "10.0.0.1" });
    const series = (await metrics.text()).match(/^metallb_speaker_announced\{.*$/gm);
    expect(series).toEqual([
      'metallb_speaker_announced{service="shop/web",protocol="layer2",node="a",ip="10.0.0.2"} 1',
    ]);
  });

  test("two components in one process don't share series", async () => {
    createMetrics("speaker").add("metallb_k8s_client_updates_total", {}, 7);
    expect(await createMetrics("speaker").text()).toContain("metallb_k8s_client_updates_total 0\n");
  });

  test.each([
    { name: "an unknown name", act: (m: Kit) => m.add("metallb_typo", {}, 1) },
    {
      name: "the other component's metric",
      act: (m: Kit) => m.set("metallb_allocator_addresses_total", { pool: "a" }, 1),
    },
    { name: "a missing label", act: (m: Kit) => m.add("metallb_layer2_responses_sent", {}, 1) },
    { name: "a label too many", act: (m: Kit) => m.add("metallb_k8s_client_updates_total", { pool: "a" }, 1) },
    { name: "setting a counter", act: (m: Kit) => m.set("metallb_k8s_client_updates_total", {}, 1) },
    { name: "observing a gauge", act: (m: Kit) => m.observe("metallb_k8s_client_config_stale_bool", {}, 1) },
    { name: "adding to a gauge", act: (m: Kit) => m.add("metallb_k8s_client_config_stale_bool", {}, 1) },
  ])("$name is a bug", ({ act }) => {
    expect(() => act(createMetrics("speaker"))).toThrow(BugError);
  });
});

type Kit = ReturnType<typeof createMetrics>;
