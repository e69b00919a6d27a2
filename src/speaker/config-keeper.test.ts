import { expect, test } from "vitest";
import { configObject } from "../../test/support/config-objects.ts";
import { RecordingLog } from "../../test/support/recording-log.ts";
import { RecordingMetrics } from "../../test/support/recording-metrics.ts";
import { ConfigKeeper } from "./config-keeper.ts";
import { ConfigSource } from "./config-source.ts";

function keeper() {
  const source = new ConfigSource("here");
  const log = new RecordingLog();
  const metrics = new RecordingMetrics();
  const reports: (readonly string[])[] = [];
  const config = new ConfigKeeper(source, { log, metrics, report: (errors) => void reports.push(errors) });
  const set = (name: string, addresses: string[]) =>
    source.set("IPAddressPool", name, configObject(name, { addresses }));
  return { config, set, source, log, metrics, reports };
}

const nobody = () => [];

test("says what is in force, and says it once", () => {
  const { config, set, log, metrics, reports } = keeper();
  set("a", ["10.0.0.0/30", "fd00::/126"]);
  expect(config.take(nobody)?.layer2?.pools).toHaveLength(1);
  expect(config.take(nobody)).toBeUndefined();
  expect(log.lines).toEqual([
    {
      level: "info",
      message: "configuration accepted",
      fields: { pools: 1, l2Advertisements: 0, bgpPeers: 0, bgpAdvertisements: 0 },
    },
  ]);
  expect(reports).toEqual([[]]);
  expect(metrics.values.get("metallb_k8s_client_config_loaded_bool")).toBe(1);
  expect(metrics.values.get("metallb_k8s_client_config_stale_bool")).toBe(0);
});

test("complains once about the same mistake, and again when it comes back", () => {
  const { config, set, source, log, metrics } = keeper();
  const broken = () => set("a", ["10.0.0.1"]);
  broken();
  config.take(nobody);
  source.set("L2Advertisement", "l2", configObject("l2"));
  config.take(nobody);
  expect(log.messages("error")).toEqual([
    expect.stringMatching(/^configuration refused, nothing is announced: IPAddressPool .*spec\.addresses\[0\]/),
  ]);
  set("a", ["10.0.0.1/32"]);
  config.take(nobody);
  broken();
  config.take(nobody);
  expect(log.messages("error")).toHaveLength(2);
  expect(log.messages("error")[1]).toMatch(/^configuration refused, the last good one stays in force/);
  expect(metrics.values.get("metallb_k8s_client_update_errors_total")).toBe(2);
});

test("a flood of mistakes is cut in the log and complete in the report", () => {
  const { config, set, log, reports } = keeper();
  for (let i = 0; i < 60; i += 1) set(`p${i}`, ["fd00::1"]);
  config.take(nobody);
  expect(log.messages("error")).toHaveLength(51);
  expect(log.messages("error").at(-1)).toBe("10 more issues of the configuration: run metallb validate");
  expect(reports[0]).toHaveLength(60);
});
