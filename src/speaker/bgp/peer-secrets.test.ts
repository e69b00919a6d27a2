import { beforeEach, expect, test } from "vitest";
import { RecordingKube } from "../../../test/support/recording-kube.ts";
import { ManualClock } from "../../../test/support/manual-clock.ts";
import { settle } from "../../../test/support/settle.ts";
import { KINDS } from "../../config/kinds.ts";
import { seconds } from "../../lib/duration.ts";
import type { KubeWatcher, WatchOptions } from "../../ports/kube.ts";
import { PeerSecrets } from "./peer-secrets.ts";

const NAMESPACE = "metallb-system";

let kube: RecordingKube;
let clock: ManualClock;
let known: Map<string, string | undefined>;
let changes: number;
let watched: Pick<WatchOptions<unknown>, "namespace" | "fieldSelector">[];

beforeEach(() => {
  kube = new RecordingKube();
  clock = new ManualClock();
  known = new Map();
  changes = 0;
  watched = [];
  for (const name of ["mine", "other"]) secret(name, name);
});

function secret(name: string, password: string): void {
  const data = { password: btoa(password) };
  kube.apply(KINDS.Secret, { metadata: { namespace: NAMESPACE, name }, type: "kubernetes.io/basic-auth", data });
}

function secretsBy(watcher: KubeWatcher): PeerSecrets {
  return new PeerSecrets(NAMESPACE, {
    watcher: {
      watch: (options, sink) => {
        watched.push(options);
        return watcher.watch(options, sink);
      },
    },
    clock,
    sink: { set: (key, { password }) => known.set(key, password), delete: (key) => known.delete(key) },
    onChange: () => changes++,
  });
}

test("only those that are named are read, each by its name", async () => {
  const secrets = secretsBy(kube);
  expect(secrets.settled).toBe(true);
  expect(watched).toEqual([]);
  secrets.follow(new Set(["mine"]));
  await settle();
  expect(secrets.settled).toBe(true);
  expect(watched).toMatchObject([{ namespace: NAMESPACE, fieldSelector: "metadata.name=mine" }]);
  expect([...known]).toEqual([[`${NAMESPACE}/mine`, "mine"]]);
});

test("changes are told, and one that is no longer named is forgotten", async () => {
  const secrets = secretsBy(kube);
  secrets.follow(new Set(["mine"]));
  await settle();
  const before = changes;
  secret("mine", "new");
  await settle();
  expect([...known.values()]).toEqual(["new"]);
  expect(changes).toBeGreaterThan(before);
  secrets.follow(new Set());
  expect(known.size).toBe(0);
  secret("mine", "newer");
  await settle();
  expect(known.size).toBe(0);
});

test("one that can't be read holds everything up for two seconds only", () => {
  const secrets = secretsBy({ watch: () => ({ close: () => {} }) });
  secrets.follow(new Set(["forbidden"]));
  expect(secrets.settled).toBe(false);
  clock.advance(seconds(2));
  expect(secrets.settled).toBe(true);
  expect(changes).toBe(1);
  secrets.follow(new Set(["forbidden"]));
  expect(secrets.settled).toBe(true);
});
