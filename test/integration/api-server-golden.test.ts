import { readFileSync } from "node:fs";
import { afterAll, beforeAll, expect, test } from "vitest";
import { customResourceDefinitions } from "../../src/config/crds.ts";
import type { ApiServer } from "../../src/dev/api-server/server.ts";
import { startApiServer } from "../../src/dev/api-server/server.ts";
import { differences, goldenValue, normalise, readGoldenAnswers } from "../support/golden-answers.ts";
import { WRITE_PROBES } from "../support/golden-probes.ts";
import { READ_PROBES } from "../support/golden-read-probes.ts";
import { RawApiClient } from "../support/raw-api-client.ts";

const GOLDEN = readGoldenAnswers(readFileSync(new URL("../golden/apiserver-golden.txt", import.meta.url), "utf8"));

/** Answers that differ on purpose, with the reason. Anything else that differs fails. */
const ACCEPTED: Readonly<Record<string, string>> = {};

/** The least that must be reproduced, however long the list above grows. */
const ENOUGH = 65;

const PROBES = [...WRITE_PROBES, ...READ_PROBES];
const notReproduced = new Map<string, string>();
let server: ApiServer;
let api: RawApiClient;

beforeAll(async () => {
  server = await startApiServer({ crds: customResourceDefinitions() });
  api = new RawApiClient(server);
  await api.post("/api/v1/namespaces", { metadata: { name: "metallb-system" } });
});

afterAll(async () => {
  api.close();
  await server.close();
  const reasons = [...notReproduced].map(([title, why]) => `  ${title}: ${why}`);
  console.log(
    [`golden answers reproduced: ${PROBES.length - notReproduced.size} of ${GOLDEN.size}`, ...reasons].join("\n"),
  );
});

test("the list of accepted differences is short", () => {
  expect(GOLDEN.size - Object.keys(ACCEPTED).length).toBeGreaterThanOrEqual(ENOUGH);
});

test("every recorded answer has a probe", () => {
  expect(PROBES.map(({ title }) => title).sort()).toEqual([...GOLDEN.keys()].sort());
});

/** In the order of the recording: later probes see what earlier ones have left. */
test.each(PROBES)("$title", async ({ title, ask }) => {
  const golden = normalise(goldenValue(GOLDEN.get(title) ?? ""));
  const found = differences(golden, normalise(await ask(api)));
  const accepted = ACCEPTED[title];
  if (found.length > 0) notReproduced.set(title, accepted ?? found.join("; "));
  if (accepted === undefined) expect(found).toEqual([]);
  else expect(found, "reproduced now: take it off the list").not.toEqual([]);
});
