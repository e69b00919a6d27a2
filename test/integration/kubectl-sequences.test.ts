/**
 * What kubectls of three ages send and get back: the commands that were recorded against a real API server, in the
 * recording's order and with its warm caches, now against the embedded one.
 */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parse } from "yaml";
import type { ApiServerLab } from "../support/api-server-lab.ts";
import { startApiServerLab } from "../support/api-server-lab.ts";
import type { RecordingProxy } from "../support/kubectl-proxy.ts";
import { startRecordingProxy } from "../support/kubectl-proxy.ts";
import type { RecordedCommand } from "../support/kubectl-sequences.ts";
import { observedRequests, readKubectlSequences, sequenceDifferences } from "../support/kubectl-sequences.ts";
import { Kubectl, KUBECTL_VERSIONS } from "../support/kubectl.ts";
import { requireOrSkip } from "../support/requirements.ts";

const FOLDER = fileURLToPath(new URL("../golden/kubectl-sequences/", import.meta.url));
const SEQUENCES = readKubectlSequences(readFileSync(`${FOLDER}kubectl-sequences.md`, "utf8"));

/** What is answered instead of what was recorded, and why. Anything else that differs fails. */
interface Deviation {
  readonly reason: string;
  readonly exit: number;
  readonly requests: readonly string[];
}

const NAMESPACE_ENDS =
  "the recording had no namespace controller and kubectl waited in vain; here the namespace is gone after its deletion";
const DELETE_FOO = "DELETE /api/v1/namespaces/foo -> 200";
const DELETED_WITH_GET = {
  reason: NAMESPACE_ENDS,
  exit: 0,
  requests: [DELETE_FOO, "GET /api/v1/namespaces/foo -> 404"],
};

const ACCEPTED: Readonly<Record<string, Deviation>> = {
  "1.36 delete-ns": DELETED_WITH_GET,
  "1.32 delete-ns": DELETED_WITH_GET,
  "1.20 delete-ns": {
    reason: NAMESPACE_ENDS,
    exit: 0,
    requests: [DELETE_FOO, "GET /api/v1/namespaces?fieldSelector=metadata.name%3Dfoo -> 200"],
  },
  "1.20 describe-svc": {
    reason: "the recording had no endpoints controller; here a Service with a selector has its Endpoints",
    exit: 0,
    requests: [
      "GET /api/v1/ns/default/services/nginx -> 200",
      "GET /api/v1/ns/default/services/nginx -> 200",
      "GET /api/v1/ns/default/endpoints/nginx -> 200",
      "GET /api/v1/ns/default/events?fieldSelector=involvedObject.kind%3DService%2CinvolvedObject.name%3Dnginx%2CinvolvedObject.namespace%3Ddefault%2CinvolvedObject.uid%3DUID -> 200",
    ],
  },
};

const need = requireOrSkip(KUBECTL_VERSIONS.map((version) => `bin:kubectl-${version}` as const));

test("the recording holds 41 commands of each kubectl", () => {
  expect([...SEQUENCES].map(([version, commands]) => [version, commands.length])).toEqual([
    ["1.36", 41],
    ["1.32", 41],
    ["1.20", 41],
  ]);
});

test("a status, an exit code or a request that differs is noticed", () => {
  const recorded = SEQUENCES.get("1.36")?.find(({ name }) => name === "delete-svc");
  if (recorded === undefined) throw new Error("the recording has no delete-svc");
  const { exit, requests } = recorded;
  expect(sequenceDifferences(recorded, { exit, requests })).toEqual([]);
  const wrongStatus = requests.map((line) => line.replace("404", "200"));
  expect(sequenceDifferences(recorded, { exit, requests: wrongStatus })).toHaveLength(1);
  expect(sequenceDifferences(recorded, { exit: 1, requests })).toHaveLength(1);
  expect(sequenceDifferences(recorded, { exit, requests: requests.slice(1) })).toHaveLength(2);
  expect(sequenceDifferences(recorded, { exit, requests: [...requests, "GET /api -> 200"] })).toHaveLength(1);
});

describe.skipIf(need.skip).each(KUBECTL_VERSIONS)("kubectl %s", (version) => {
  const commands = SEQUENCES.get(version) ?? [];
  const notReproduced = new Map<string, string>();
  let lab: ApiServerLab;
  let proxy: RecordingProxy;
  let kubectl: Kubectl;
  let groupVersions: readonly string[];

  beforeAll(async () => {
    lab = await startApiServerLab();
    await lab.api.post("/api/v1/nodes", parse(readFileSync(`${FOLDER}node.yaml`, "utf8")));
    groupVersions = await servedGroupVersions(lab);
    proxy = await startRecordingProxy(lab.server);
    kubectl = new Kubectl(version, lab.server.kubeconfig(proxy.url));
  });

  afterAll(async () => {
    await proxy.close();
    await lab.close();
    const reasons = [...notReproduced].map(([name, why]) => `  ${name}: ${why}`);
    const reproduced = commands.length - notReproduced.size;
    console.log(
      [`kubectl sequences reproduced: ${version}: ${reproduced} of ${commands.length}`, ...reasons].join("\n"),
    );
  });

  test.each(commands)("$name", async (command) => {
    const { status, stderr } = await kubectl.run(shellLine(command));
    const actual = { exit: status, requests: observedRequests(proxy.take(), groupVersions) };
    const found = sequenceDifferences(command, actual);
    const accepted = ACCEPTED[`${version} ${command.name}`];
    if (found.length > 0) notReproduced.set(command.name, accepted?.reason ?? found.join("; "));
    if (accepted === undefined) return expect(found, `kubectl says: ${stderr}`).toEqual([]);
    expect(found, "reproduced now: take it off the list").not.toEqual([]);
    expect(sequenceDifferences(accepted, actual), `kubectl says: ${stderr}`).toEqual([]);
  });
});

describe("what kubectl keeps", () => {
  let lab: ApiServerLab;

  beforeAll(async () => {
    lab = await startApiServerLab();
  });
  afterAll(() => lab.close());

  const addressOf = async (path: string): Promise<string> => {
    const { json } = await lab.api.get("/openapi/v3");
    return json.paths[path].serverRelativeURL as string;
  };

  test.each(["api/v1", "apis/metallb.io/v1beta1"])(
    "the document of %s at its hash is kept for a year",
    async (path) => {
      const { code, headers } = await lab.api.get(await addressOf(path));
      expect([code, headers["cache-control"]]).toEqual([200, "public, max-age=31536000, immutable"]);
    },
  );

  test("an outdated hash leads to the current one", async () => {
    const { code, headers } = await lab.api.get("/openapi/v3/api/v1?hash=OLD");
    expect([code, headers.location]).toEqual([301, await addressOf("api/v1")]);
  });

  test.each(["/api", "/apis", "/api/v1", "/apis/metallb.io/v1beta1"])(
    "plain discovery at %s is not kept",
    async (path) => {
      const { code, headers } = await lab.api.get(path);
      expect([code, headers.etag, headers["cache-control"]]).toEqual([200, undefined, "no-cache, private"]);
    },
  );
});

async function servedGroupVersions({ api }: ApiServerLab): Promise<string[]> {
  const { json } = await api.get("/apis");
  const groups = json.groups as { readonly versions: readonly { readonly groupVersion: string }[] }[];
  return groups.flatMap(({ versions }) => versions.map(({ groupVersion }) => `/apis/${groupVersion}`));
}

function shellLine({ words }: RecordedCommand): string {
  return [`cd ${quoted(FOLDER)} &&`, ...words.map(quoted)].join(" ");
}

function quoted(word: string): string {
  return `'${word.replaceAll("'", String.raw`'\''`)}'`;
}
