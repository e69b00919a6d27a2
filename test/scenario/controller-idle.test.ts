import { expect, test } from "vitest";
import { KINDS } from "../../src/config/kinds.ts";
import type { ServiceView } from "../../src/config/service.ts";
import { startController } from "../../src/controller/run.ts";
import type { KubeWatcher, WatchSink } from "../../src/ports/kube.ts";
import { ControllerLab } from "../support/controller-lab.ts";
import { settle } from "../support/settle.ts";

const SERVICES = 100;
const ROUNDS = 10_000;

/** Services of which nothing changes but the version, as when other programs write what does not concern us. */
test("a million reconciles without a reason write nothing, tell nothing and log nothing", async () => {
  const { clock, kube, log, metrics, ...lab } = withServices(new ControllerLab());
  const sinks: WatchSink<ServiceView>[] = [];
  const watcher: KubeWatcher = {
    watch(options, sink) {
      if (options.resource === KINDS.Service) sinks.push(sink as unknown as WatchSink<ServiceView>);
      return kube.watch(options, sink);
    },
  };
  const controller = startController(
    { clock, random: { next: () => 0.5 }, watcher, client: kube, events: kube, log, metrics },
    { namespace: "metallb-system", loadBalancerClass: "", podName: undefined, memberlistSecret: undefined },
  );
  controller.lead("orderly");
  await lab.quiet();
  const views = Array.from({ length: SERVICES }, (_, i) => lab.view(`s${i}`));
  expect(views.filter(({ ingress }) => ingress.length === 1)).toHaveLength(SERVICES / 2);
  const before = { requests: kube.requests.length, events: kube.events.length, lines: log.lines.length };
  for (let round = 0; round < ROUNDS; round++) {
    for (const view of views) sinks[0]!.set(`default/${view.name}`, { ...view, resourceVersion: `r${round}` });
    if (round % 1_000 === 0) await settle();
  }
  await lab.quiet();
  expect({ requests: kube.requests.length, events: kube.events.length, lines: log.lines.length }).toEqual(before);
  await controller.stop();
}, 600_000);

/** Half of each family have an address, the others wait for one: a reason that stays is no news either. */
function withServices(lab: ControllerLab) {
  lab.pool("p", { addresses: ["10.0.0.0-10.0.0.24", "fd00::-fd00::18"] });
  for (let i = 0; i < SERVICES; i++) lab.service(`s${i}`, { families: [i % 2 === 0 ? "IPv4" : "IPv6"] });
  const { clock, kube, log, metrics } = lab;
  return { clock, kube, log, metrics, view: (name: string) => lab.view(name), quiet: () => lab.quiet() };
}
