import { KINDS } from "../../config/kinds.ts";
import { isOlder } from "../../config/resource-version.ts";
import { type Millis, millis, seconds } from "../../lib/duration.ts";
import { type Handled, WorkQueue } from "../../lib/work-queue.ts";
import type {
  CertificateMaker,
  CertificatePlan,
  CertificateTexts,
  ServerCertificate,
  UsableCertificates,
} from "../../ports/certificates.ts";
import type { Clock, Timer } from "../../ports/clock.ts";
import type { KubeClient, KubeError, KubeObject, KubeResult, KubeWatcher } from "../../ports/kube.ts";
import type { Log } from "../../ports/log.ts";
import type { Metrics } from "../../ports/metrics.ts";
import type { Random } from "../../ports/random.ts";
import { rfc3339 } from "../../reporting/rfc3339.ts";
import { BundleKeeper } from "./bundle-keeper.ts";
import { type CertificateSecret, projectCertificateSecret, secretData } from "./certificate-secret.ts";

/** Certificates age without anybody saying so. */
const CHECK_INTERVAL: Millis = seconds(12 * 3600);

/**
 * Time between a new authority's introduction and the first certificate of it that is served: API servers learn of a
 * changed caBundle by their watches.
 */
const INTRODUCTION: Millis = seconds(30);

/** Replicas that can't agree on the time of day, or on a name, must not outdo each other without a pause. */
const RENEWAL_INTERVAL: Millis = seconds(10);

/** Nor must we and a tool that takes our caBundle out again, because it isn't in its manifests. */
const INJECTION_INTERVAL: Millis = seconds(1);

const EXPIRATION = "metallb_controller_webhook_certificate_expiration_timestamp_seconds";

export interface KeeperPorts {
  readonly clock: Clock;
  readonly random: Random;
  readonly watcher: KubeWatcher;
  /** Not held back by leader election: every replica serves webhooks, and versions decide who was first. */
  readonly client: KubeClient;
  readonly maker: CertificateMaker;
  readonly metrics: Metrics;
  readonly log: Log;
}

/**
 * Keeps the webhooks' authority and certificate in a Secret, the authority in what tells the API server about the
 * webhooks, and the certificate in our server. All replicas do this; who loses a race takes what the winner wrote.
 *
 * A new authority is introduced before it is used: the bundle holds old and new; each replica goes on serving the old
 * certificate until the bundle is in place; and the old authority goes only when nobody can be serving with it.
 */
export class CertificateKeeper {
  readonly #secretName: { readonly namespace: string; readonly name: string };
  readonly #ports: KeeperPorts;
  readonly #serve: (certificate: ServerCertificate) => void;
  readonly #queue: WorkQueue<"certificates">;
  readonly #bundles: BundleKeeper;
  #watch: { close(): void } | undefined;
  #check: Timer | undefined;
  #synced = false;
  #nextRenewal = millis(0);
  #nextInjection = millis(0);
  #secret: CertificateSecret | undefined;
  #lastGood: Partial<CertificateTexts> = {};
  #served: UsableCertificates | undefined;
  /** Since when the bundle with this authority has been in place. */
  #introduced: { readonly authority: string; readonly at: Millis } | undefined;

  /** `serve` is called with each certificate that is to be used from now on. */
  constructor(
    secret: { readonly namespace: string; readonly name: string },
    ports: KeeperPorts,
    serve: (certificate: ServerCertificate) => void,
  ) {
    const { clock, random } = ports;
    this.#secretName = secret;
    this.#ports = ports;
    this.#serve = serve;
    this.#bundles = new BundleKeeper(ports, () => this.#offer());
    this.#queue = new WorkQueue({ clock, random, concurrency: 1, handle: () => this.#reconcile() });
  }

  /** Whether there is a certificate to serve with. */
  get serving(): boolean {
    return this.#served !== undefined;
  }

  start(): void {
    const { namespace, name } = this.#secretName;
    this.#bundles.start();
    this.#watch = this.#ports.watcher.watch(
      {
        resource: KINDS.Secret,
        namespace,
        fieldSelector: `metadata.name=${name}`,
        project: projectCertificateSecret,
      },
      {
        set: (_, secret) => {
          // News that is older than what we wrote ourselves meanwhile is passed over.
          if (isOlder(secret.resourceVersion, this.#secret?.resourceVersion ?? "")) return;
          this.#secret = secret;
          this.#offer();
        },
        delete: () => {
          this.#secret = undefined;
          this.#offer();
        },
        synced: () => {
          this.#synced = true;
          this.#offer();
        },
      },
    );
  }

  async close(): Promise<void> {
    this.#watch?.close();
    this.#bundles.close();
    this.#check?.cancel();
    await this.#queue.close();
  }

  #offer(): void {
    if (this.#synced) this.#queue.add("certificates");
  }

  async #reconcile(): Promise<Handled> {
    const { clock, maker } = this.#ports;
    const secret = this.#secret;
    const plan = maker.plan(secret?.texts ?? {}, clock.wallTime());
    if (plan.do !== "keep") return this.#renew(secret, plan);
    this.#lastGood = secret?.texts ?? {};
    // What clients trust already, or can't trust anyway, need not wait for them to be told.
    if (this.#served === undefined || this.#served.authority === plan.authority) this.#use(plan);
    if (this.#bundles.isWrong(plan.bundle)) return this.#inject(plan.bundle);
    this.#lookAgain(this.#adopt(plan));
    return "done";
  }

  async #inject(bundle: string): Promise<Handled> {
    const { clock } = this.#ports;
    if (this.#isEarly(this.#nextInjection)) return "done";
    // Another replica may have put it right with a Secret that we have not seen yet.
    const before = this.#secret?.resourceVersion;
    const read = await this.#read();
    if (read !== AGAIN || before !== this.#secret?.resourceVersion) return read;
    if (!(await this.#bundles.inject(bundle))) return "retry";
    this.#nextInjection = millis(clock.now() + INJECTION_INTERVAL);
    return AGAIN;
  }

  /** `secret` is what the plan was made for: keys take their time, and another replica may have been faster. */
  async #renew(secret: CertificateSecret | undefined, plan: CertificatePlan): Promise<Handled> {
    if (plan.do === "renew-serving" && plan.meanwhile !== undefined && !this.serving) this.#use(plan.meanwhile);
    if (this.#isEarly(this.#nextRenewal)) return "done";
    const { clock, maker, log } = this.#ports;
    const texts = await maker.renew(secret?.texts ?? {}, this.#lastGood, clock.wallTime());
    const written = await this.#write(secret?.resourceVersion, texts);
    if (written.ok) {
      this.#secret = projectCertificateSecret(written.value);
      this.#nextRenewal = millis(clock.now() + RENEWAL_INTERVAL);
      const fault = "fault" in plan ? plan.fault : undefined;
      log.info({ ...this.#secretName, plan: plan.do, fault }, "certificates of the webhooks renewed");
      return AGAIN;
    }
    const { code } = written.error;
    if (code === 409 || code === 404) return this.#read();
    return this.#failed("written", written.error);
  }

  /** Undefined `resourceVersion`: there is no Secret yet. */
  #write(resourceVersion: string | undefined, texts: CertificateTexts): Promise<KubeResult<KubeObject>> {
    const { client } = this.#ports;
    const data = secretData(texts);
    if (resourceVersion === undefined) {
      const secret = { apiVersion: "v1", kind: "Secret", metadata: this.#secretName, type: "Opaque", data };
      return client.create(KINDS.Secret, secret, { namespace: this.#secretName.namespace });
    }
    const body = { metadata: { resourceVersion }, data };
    return client.patch(KINDS.Secret, this.#secretName, { type: "merge", body });
  }

  /** Takes what is there now. */
  async #read(): Promise<Handled> {
    const found = await this.#ports.client.get(KINDS.Secret, this.#secretName);
    if (!found.ok && found.error.code !== 404) return this.#failed("read", found.error);
    this.#secret = found.ok ? projectCertificateSecret(found.value) : undefined;
    return AGAIN;
  }

  #failed(what: string, { code, reason, message }: KubeError): Handled {
    const { log } = this.#ports;
    log.warn({ ...this.#secretName, code, reason }, `Secret of the webhooks not ${what}, will retry: ${message}`);
    return "retry";
  }

  /** Serves with what was introduced, or says how long that has to wait. */
  #adopt(plan: UsableCertificates): Millis | undefined {
    const { clock } = this.#ports;
    const { authority } = plan;
    if (this.#introduced?.authority !== authority) this.#introduced = { authority, at: clock.now() };
    const wait = millis(this.#introduced.at + INTRODUCTION - clock.now());
    if (this.#served?.authority !== authority && wait > 0) return wait;
    this.#use(plan);
    return undefined;
  }

  #use(plan: UsableCertificates): void {
    if (this.#served?.serving.cert === plan.serving.cert) return;
    this.#served = plan;
    this.#serve(plan.serving);
    const { authority, expires } = plan;
    const { log, metrics } = this.#ports;
    metrics.set(EXPIRATION, {}, expires / 1000);
    log.info({ authority, expires: rfc3339(expires) }, "webhooks serve with a new certificate");
  }

  /** Whether it is too early; then there will be another look in time. */
  #isEarly(time: Millis): boolean {
    const wait = millis(time - this.#ports.clock.now());
    if (wait > 0) this.#lookAgain(wait);
    return wait > 0;
  }

  #lookAgain(after: Millis = CHECK_INTERVAL): void {
    this.#check?.cancel();
    this.#check = this.#ports.clock.after(after, () => this.#offer());
  }
}

const AGAIN: Handled = { retryAfter: millis(0) };
