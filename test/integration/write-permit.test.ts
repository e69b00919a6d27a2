import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { KINDS } from "../../src/config/kinds.ts";
import { createKubeClient } from "../../src/k8s/client.ts";
import { withPermit } from "../../src/k8s/leader-gate.ts";
import { millis } from "../../src/lib/duration.ts";
import type { KubeClient } from "../../src/ports/kube.ts";
import type { WritePermit } from "../../src/ports/leadership.ts";
import { answerJson, ScriptedApi } from "../support/scripted-api.ts";

const NAME = { namespace: "default", name: "s" };
const BODY = { kind: "Service", metadata: { name: "s" } };

/** A permission that the test ends; after `asked` questions by itself. */
class TestPermit implements WritePermit {
  readonly #abort = new AbortController();
  asked = Number.POSITIVE_INFINITY;

  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  remaining() {
    return millis(this.asked-- > 0 ? 2000.4 : 0);
  }

  end(): void {
    this.asked = 0;
    this.#abort.abort();
  }
}

let api: ScriptedApi;
let permit: TestPermit;
let client: KubeClient;

beforeAll(async () => {
  api = await ScriptedApi.start();
});

beforeEach(() => {
  api.requests.length = 0;
  api.script(answerJson(200, BODY));
  permit = new TestPermit();
  client = withPermit(createKubeClient(api.endpoint), permit);
});

afterAll(() => api.close());

const WRITES: readonly { readonly name: string; readonly write: () => Promise<unknown> }[] = [
  { name: "create", write: () => client.create(KINDS.Service, BODY, { namespace: "default" }) },
  { name: "replace", write: () => client.replace(KINDS.Service, NAME, BODY) },
  {
    name: "patch",
    write: () => client.patch(KINDS.Service, NAME, { type: "merge", body: {} }, { subresource: "status" }),
  },
  { name: "delete", write: () => client.delete(KINDS.Service, NAME) },
];

test.each(WRITES)("$name: the server is told for how long the permission lasts", async ({ write }) => {
  expect(await write()).toMatchObject({ ok: true });
  expect(api.requests.map(({ query }) => query.get("timeout"))).toEqual(["2001ms"]);
});

test.each(WRITES)("$name: without permission nothing is sent", async ({ write }) => {
  permit.end();
  expect(await write()).toMatchObject({ ok: false, error: { code: 0, reason: "NotLeader", retryable: true } });
  expect(api.requests).toEqual([]);
});

test.each(WRITES)("$name: a permission that ends while the connection is made: nothing is sent", async ({ write }) => {
  // Asked by the gate, for the query, and then when the connection is there.
  permit.asked = 2;
  expect(await write()).toMatchObject({ ok: false, error: { code: 0, reason: "NotLeader", retryable: true } });
  expect(api.requests).toEqual([]);
});

test.each(WRITES)("$name: a permission that ends while there is no answer", async ({ write }) => {
  api.script(() => permit.end());
  expect(await write()).toMatchObject({ ok: false, error: { code: 0, reason: "NotLeader", retryable: true } });
  expect(api.requests).toHaveLength(1);
});

test("reads need none", async () => {
  permit.end();
  expect(await client.get(KINDS.Service, NAME)).toMatchObject({ ok: true });
  expect(api.requests.map(({ query }) => query.get("timeout"))).toEqual([null]);
});

test("more writes than connections: those that wait for one are sent, too", async () => {
  const writes = Array.from({ length: 200 }, () => client.replace(KINDS.Service, NAME, BODY));
  const answers = await Promise.all(writes);
  expect(answers.filter(({ ok }) => ok)).toHaveLength(200);
});
