/**
 * The speaker as `src/speaker/main.ts` assembles it, configured by the same environment, but for one thing: it says that it
 * speaks serf's versions, without which serf agents exchange no state with it. Without BGP and without its HTTP servers.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { createKubeClient } from "../../src/k8s/client.ts";
import { loadEndpoint } from "../../src/k8s/endpoint.ts";
import { createEventRecorder } from "../../src/k8s/event-recorder.ts";
import { createKubeWatcher } from "../../src/k8s/reflector.ts";
import { systemClock } from "../../src/platform/system-clock.ts";
import { systemRandom } from "../../src/platform/system-random.ts";
import { EXCLUDE_NOTHING } from "../../src/speaker/excluded-interfaces.ts";
import { resolveSpeakerFlags, SPEAKER_DEFAULTS } from "../../src/speaker/flags.ts";
import { membershipConfig } from "../../src/speaker/membership-config.ts";
import { Speaker } from "../../src/speaker/run.ts";
import { spawnProtocolWorker } from "../../src/speaker/spawn-worker.ts";
import { createLog } from "../../src/telemetry/logger.ts";
import { createMetrics } from "../../src/telemetry/metrics.ts";
import { SERF_VERSIONS } from "./serf-versions.ts";

const { flags, issues } = resolveSpeakerFlags(SPEAKER_DEFAULTS, process.env, undefined);
const secretKey = readFileSync(join(flags.mlSecretKeyPath, "secretkey"));
const { config, issues: more } = membershipConfig(flags, { config: undefined, secretKey });
if (config === undefined) throw new Error([...issues, ...more].join("; "));

const log = createLog({ level: "info" });
const common = { clock: systemClock, random: systemRandom, log };
const endpoint = await loadEndpoint({ env: process.env });
const client = createKubeClient(endpoint);
const events = createEventRecorder(client, { ...common, component: "metallb-speaker", host: flags.nodeName });
const worker = spawnProtocolWorker({
  excludedInterfaces: EXCLUDE_NOTHING,
  membership: { ...config, versions: SERF_VERSIONS },
});
const speaker = new Speaker(
  {
    node: flags.nodeName,
    namespace: flags.namespace,
    podName: flags.podName,
    loadBalancerClass: flags.lbClass,
    ignoreExcludeLabel: flags.ignoreExcludeLb,
    speakerPods: { labels: flags.mlLabels, port: config.port },
  },
  {
    ...common,
    client,
    events,
    worker,
    metrics: createMetrics("speaker"),
    watcher: createKubeWatcher(endpoint, common),
  },
);
process.once("SIGTERM", () => {
  void speaker
    .stop()
    .then(() => events.close())
    .then(() => worker.close())
    .then(() => process.exit(0));
});
speaker.start();
