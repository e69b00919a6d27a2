import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startApiServerLab } from "../support/api-server-lab.ts";
import type { ApiServerLab } from "../support/api-server-lab.ts";

const POOLS = "/apis/metallb.io/v1beta1/namespaces/metallb-system/ipaddresspools";
const STATUS = `${POOLS}/wide/status`;
const MAX = "9223372036854775807";
const MIN = "-9223372036854775808";
const status = (count: string): string =>
  `"status":{"assignedIPv4":0,"assignedIPv6":0,"availableIPv4":0,"availableIPv6":${count}}`;

let directory: string;
let lab: ApiServerLab;

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), "metallb-integers-"));
  lab = await startApiServerLab({ dataDir: directory });
  await lab.api.post(POOLS, {
    apiVersion: "metallb.io/v1beta1",
    kind: "IPAddressPool",
    metadata: { name: "wide" },
    spec: { addresses: ["2001:db8::/64"] },
  });
});

afterAll(async () => {
  await lab.close();
  rmSync(directory, { recursive: true });
});

async function availableText(accept?: string): Promise<string | undefined> {
  const { text } = await lab.api.get(`${POOLS}/wide`, accept === undefined ? {} : { accept });
  return /availableIPv6"?: ?(-?[\d.e+]+)/.exec(text)?.[1];
}

describe("64-bit integers survive exactly", () => {
  test.each([MAX, MIN, "9007199254740993", "1"])("%s by merge patch, in JSON and YAML", async (count) => {
    const { code, text } = await lab.api.patch(STATUS, "merge", `{${status(count)}}`);
    expect(code).toBe(200);
    expect(text).toContain(`"availableIPv6":${count}`);
    expect(await availableText()).toBe(count);
    expect(await availableText("application/yaml")).toBe(count);
  });

  test("by server-side apply in YAML", async () => {
    const body = `apiVersion: metallb.io/v1beta1\nkind: IPAddressPool\nstatus: {assignedIPv4: 0, assignedIPv6: 0, availableIPv4: 0, availableIPv6: ${MAX}}\n`;
    const { code } = await lab.api.patch(`${STATUS}?fieldManager=t&force=true`, "apply", body);
    expect(code).toBe(200);
    expect(await availableText()).toBe(MAX);
  });

  test("by PUT, as seen by a watch", async () => {
    const { json, text } = await lab.api.get(`${POOLS}/wide`);
    const put = await lab.api.put(STATUS, text.replace(/"availableIPv6":-?\d+/, `"availableIPv6":${MIN}`));
    expect(put.code).toBe(200);
    const query = `?watch=1&timeoutSeconds=1&resourceVersion=${json.metadata.resourceVersion}`;
    const watched = await lab.api.get(`${POOLS}${query}`);
    expect(watched.text).toContain(`"availableIPv6":${MIN}`);
  });

  test("beyond 64 bits they are refused", async () => {
    const { code } = await lab.api.patch(STATUS, "merge", `{${status("9223372036854775808")}}`);
    expect(code).toBe(422);
  });

  test("over a restart with a data directory", async () => {
    await lab.api.patch(STATUS, "merge", `{${status(MAX)}}`);
    await lab.close();
    lab = await startApiServerLab({ dataDir: directory });
    expect(await availableText()).toBe(MAX);
  });
});

test.each(["application/json", "application/yaml"])("a __proto__ member is refused in %s", async (contentType) => {
  const body = '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"p"},"data":{"__proto__":"x"}}';
  const { code, json } = await lab.api.post("/api/v1/namespaces/default/configmaps", body, { contentType });
  expect({ code, message: json.message }).toMatchObject({ code: 400, message: expect.stringContaining("__proto__") });
});
