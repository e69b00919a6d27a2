import { expect, test } from "vitest";
import { serviceTable } from "./service-table.ts";

test("the longest rows of the demo fit a terminal of 80 columns, in both families", () => {
  const row = {
    service: "webapp-dual-stack",
    ports: "8443/TCP",
    owner: "node-1",
    mac: "02:00:00:00:00:11",
    macOf: "node-1",
  };
  const table = serviceTable([
    { ...row, address: "192.168.1.220" },
    { ...row, address: "fd00:192:168:1::220" },
  ]);
  const lines = table.split("\n");
  expect(lines).toHaveLength(3);
  expect(lines[0]).toMatch(/^SERVICE +ADDRESS +PORTS +OWNER +MAC SEEN BY CLIENT/);
  expect(lines[2]).toMatch(/^webapp-dual-stack +fd00:192:168:1::220 +8443\/TCP +node-1 +02:00:00:00:00:11/);
  expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(80);
});
