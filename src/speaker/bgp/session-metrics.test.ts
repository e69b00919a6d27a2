import { expect, test } from "vitest";
import { seconds } from "../../lib/duration.ts";
import { RecordingMetrics } from "../../../test/support/recording-metrics.ts";
import { BgpNetwork, hostRoutes } from "../../../test/support/bgp-pair.ts";
import { createMetrics } from "../../telemetry/metrics.ts";
import { SessionMetrics } from "./session-metrics.ts";

test.each([
  { a: "10.0.0.1", b: "10.0.0.2", label: "10.0.0.2:179" },
  { a: "fd00::1", b: "fd00::2", label: "[fd00::2]:179" },
])("a session's series come, count and go with its peer $label", async ({ a, b, label }) => {
  const network = new BgpNetwork();
  const [ours, theirs] = [network.host(a), network.host(b)];
  const seen = new RecordingMetrics();
  const metrics = new SessionMetrics(seen);
  const value = (name: string, more = ""): number | undefined => seen.values.get(`${name}{peer="${label}"${more}}`);
  ours.manager.setPeers([network.plan(ours, theirs)]);
  await network.pass(seconds(3));
  ours.manager.setRoutes("peer", hostRoutes(1, 7));
  metrics.update("peer", ours.manager.report("peer"));
  expect(value("metallb_bgp_session_up")).toBe(0);
  expect(value("metallb_bgp_pending_prefixes_total")).toBe(7);
  const attempts = value("metallb_bgp_session_transitions_total", ',state="Connect"');
  expect(value("metallb_bgp_session_ends_total", ',reason="connect-failed"')).toBe(attempts);
  theirs.manager.setPeers([network.plan(theirs, ours, { passive: true })]);
  await network.pass(seconds(60));
  for (let i = 0; i < 2; i++) metrics.update("peer", ours.manager.report("peer"));
  expect(value("metallb_bgp_session_up")).toBe(1);
  expect(value("metallb_bgp_announced_prefixes_total")).toBe(a.includes(":") ? 0 : 7);
  expect(value("metallb_bgp_opens_sent")).toBe(1);
  expect(value("metallb_bgp_opens_received")).toBe(1);
  expect(value("metallb_bgp_session_transitions_total", ',state="Established"')).toBe(1);
  expect(value("metallb_bgp_session_transitions_total", ',state="OpenSent"')).toBe(1);
  expect(value("metallb_bgp_keepalives_sent")).toBeGreaterThan(1);
  metrics.update("peer", undefined);
  expect([...seen.values.keys()]).toEqual([]);
});

test("ends between two looks are all counted", async () => {
  const network = new BgpNetwork();
  const [ours, theirs] = [network.host("10.0.0.1"), network.host("10.0.0.2")];
  ours.manager.setPeers([network.plan(ours, theirs)]);
  const seen = new RecordingMetrics();
  const metrics = new SessionMetrics(seen);
  metrics.update("peer", ours.manager.report("peer"));
  await network.pass(seconds(300));
  metrics.update("peer", ours.manager.report("peer"));
  const ends = seen.values.get('metallb_bgp_session_ends_total{peer="10.0.0.2:179",reason="connect-failed"}');
  expect(ends).toBeGreaterThan(10);
  metrics.update("peer", ours.manager.report("peer"));
  expect(seen.values.get('metallb_bgp_session_ends_total{peer="10.0.0.2:179",reason="connect-failed"}')).toBe(ends);
});

test("the registry knows all of them", async () => {
  const network = new BgpNetwork();
  const [ours, theirs] = [network.host("10.0.0.1"), network.host("10.0.0.2")];
  ours.manager.setPeers([network.plan(ours, theirs)]);
  await network.pass(seconds(3));
  const exposed = createMetrics("speaker");
  new SessionMetrics(exposed).update("peer", ours.manager.report("peer"));
  expect(await exposed.text()).toContain('metallb_bgp_session_up{peer="10.0.0.2:179"} 0');
});
