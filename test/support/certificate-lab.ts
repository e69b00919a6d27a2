import { X509Certificate } from "node:crypto";
import { KINDS } from "../../src/config/kinds.ts";
import { CertificateKeeper } from "../../src/controller/admission/certificate-keeper.ts";
import { type Millis, millis } from "../../src/lib/duration.ts";
import type { CertificateMaker, ServerCertificate } from "../../src/ports/certificates.ts";
import type { Clock } from "../../src/ports/clock.ts";
import type { KubeObject, KubeWatcher, WatchOptions, WatchSink } from "../../src/ports/kube.ts";
import { createCertificateMaker } from "../../src/tls/certificate-maker.ts";
import { certificatesOf } from "../../src/tls/pem.ts";
import { newKeys } from "../../src/tls/x509.ts";
import { ManualClock } from "./manual-clock.ts";
import { RecordingKube } from "./recording-kube.ts";
import { RecordingLog } from "./recording-log.ts";
import { RecordingMetrics } from "./recording-metrics.ts";
import { settle } from "./settle.ts";

const NAMESPACE = "metallb-system";
const SECRET = `${NAMESPACE}/metallb-webhook-cert`;
const CONFIGURATION = "metallb-webhook-configuration";
const DEFINITION = "bgppeers.metallb.io";

/** Keys take long to find. Those of authorities that follow each other differ; nothing else matters here. */
const authorityKeys: ReturnType<typeof newKeys>[] = [];
const MOST_KEYS = 4;
let servingKeys: ReturnType<typeof newKeys> | undefined;
let authorities = 0;

function keysFor(purpose: "authority" | "serving"): ReturnType<typeof newKeys> {
  if (purpose === "serving") return (servingKeys ??= newKeys());
  return (authorityKeys[authorities++ % MOST_KEYS] ??= newKeys());
}

/** A replica's keeper and what its server was given. */
export interface KeptReplica {
  readonly keeper: CertificateKeeper;
  readonly log: RecordingLog;
  readonly metrics: RecordingMetrics;
  /** In order; the last one is in use. */
  readonly served: ServerCertificate[];
  /** What the Secret's watch brings is withheld from this replica while it is true. */
  behind: boolean;
}

/** Replicas that keep webhook certificates, on a manual clock and an API server in memory, with real cryptography. */
export class CertificateLab {
  readonly clock = new ManualClock();
  readonly kube = new RecordingKube(() => this.clock.wallTime());
  readonly replicas: KeptReplica[] = [];
  #busy = 0;

  /** The objects that a chart brings, without authority and certificates. */
  install(): void {
    this.kube.apply(KINDS.Secret, {
      metadata: { namespace: NAMESPACE, name: "metallb-webhook-cert", labels: { a: "b" } },
    });
    this.configure();
    this.define("Webhook");
  }

  configure(): void {
    const webhooks = ["pools", "peers"].map((name) => ({
      name: `${name}.metallb.io`,
      clientConfig: { service: { namespace: NAMESPACE, name: "metallb-webhook-service", path: `/${name}` } },
    }));
    this.kube.apply(KINDS.ValidatingWebhookConfiguration, { metadata: { name: CONFIGURATION }, webhooks });
  }

  define(strategy: "Webhook" | "None"): void {
    const webhook = { clientConfig: { service: { namespace: NAMESPACE, name: "metallb-webhook-service" } } };
    const conversion = strategy === "Webhook" ? { strategy, webhook } : { strategy };
    this.kube.apply(KINDS.CustomResourceDefinition, { metadata: { name: DEFINITION }, spec: { conversion } });
  }

  /** `yearsAhead` is how wrong the replica's time of day is. */
  async start({ yearsAhead = 0 } = {}): Promise<KeptReplica> {
    const { kube } = this;
    const clock: Clock = {
      now: () => this.clock.now(),
      wallTime: () => this.clock.wallTime() + yearsAhead * 365 * 24 * 3600 * 1000,
      after: (after, fire) => this.clock.after(after, fire),
    };
    const log = new RecordingLog();
    const metrics = new RecordingMetrics();
    const served: ServerCertificate[] = [];
    const ports = {
      clock,
      random: { next: () => 0.5 },
      client: kube,
      watcher: this.#watcher(() => replica.behind),
      maker: this.#maker(),
      metrics,
      log,
    };
    const secret = { namespace: NAMESPACE, name: "metallb-webhook-cert" };
    const keeper = new CertificateKeeper(secret, ports, (certificate) => served.push(certificate));
    const replica: KeptReplica = { keeper, log, metrics, served, behind: false };
    this.replicas.push(replica);
    keeper.start();
    return replica;
  }

  async stop(): Promise<void> {
    await Promise.all(this.replicas.splice(0).map(({ keeper }) => keeper.close()));
  }

  /** Until nothing happens any more without time passing. */
  async quiet(): Promise<void> {
    for (let calm = 0; calm < 2; calm++) {
      await settle();
      if (this.#busy > 0) calm = -1;
    }
  }

  async pass(time: Millis): Promise<void> {
    this.clock.advance(time);
    await this.quiet();
  }

  /** Lets time pass up to `time` after the start, at most a quarter of a year at once. */
  async passUntil(time: number): Promise<void> {
    const quarter = 90 * 24 * 3600 * 1000;
    while (this.clock.now() < time) await this.pass(millis(Math.min(quarter, time - this.clock.now())));
  }

  get secret(): KubeObject | undefined {
    return this.kube.object(KINDS.Secret, SECRET);
  }

  /** One of the Secret's texts. */
  text(key: string): string {
    const data = (this.secret?.["data"] ?? {}) as Readonly<Record<string, string>>;
    return atob(data[key] ?? "");
  }

  deleteSecret(): void {
    this.kube.remove(KINDS.Secret, SECRET);
  }

  /** What the API server trusts: the bundle of every webhook, and that of the conversion, as PEM texts. */
  get bundles(): readonly string[] {
    const configuration = this.kube.object(KINDS.ValidatingWebhookConfiguration, CONFIGURATION);
    const definition = this.kube.object(KINDS.CustomResourceDefinition, DEFINITION);
    const webhooks = (configuration?.["webhooks"] ?? []) as readonly { clientConfig: { caBundle?: string } }[];
    const conversion = (definition?.["spec"] as { conversion: { webhook?: { clientConfig: { caBundle?: string } } } })
      ?.conversion.webhook;
    return [...webhooks, ...(conversion === undefined ? [] : [conversion])].map(({ clientConfig }) =>
      atob(clientConfig.caBundle ?? ""),
    );
  }

  /** Whether every API server accepts what every replica serves with. */
  get isTrusted(): boolean {
    return this.replicas.every(({ served }) => {
      const leaf = served.at(-1);
      return leaf === undefined || this.bundles.every((bundle) => vouchesFor(bundle, leaf));
    });
  }

  /** Writes that succeeded, as `create Secret`, `patch CustomResourceDefinition`. */
  get writes(): readonly string[] {
    return this.kube.requests
      .filter(({ verb, outcome }) => verb !== "get" && outcome === "ok")
      .map(({ verb, resource }) => `${verb} ${resource.kind}`);
  }

  #maker(): CertificateMaker {
    const maker = createCertificateMaker("metallb-webhook-service", NAMESPACE, keysFor);
    return {
      plan: maker.plan,
      renew: async (...given) => {
        this.#busy++;
        try {
          return await maker.renew(...given);
        } finally {
          this.#busy--;
        }
      },
    };
  }

  #watcher(isBehind: () => boolean): KubeWatcher {
    return {
      watch: <T>(options: WatchOptions<T>, sink: WatchSink<T>) =>
        this.kube.watch(options, {
          set: (key, value) => {
            if (options.resource !== KINDS.Secret || !isBehind()) sink.set(key, value);
          },
          delete: (key) => sink.delete(key),
          synced: () => sink.synced(),
        }),
    };
  }
}

function vouchesFor(bundle: string, { cert }: ServerCertificate): boolean {
  const leaf = new X509Certificate(cert);
  return certificatesOf(bundle).some((pem) => leaf.verify(new X509Certificate(pem).publicKey));
}
