/**
 * Controllers and speakers use every feature on an API server that allows them what the chart's roles allow, and
 * nothing else. Nothing may be denied, and no permission may be left over. The tests follow each other.
 */
import { request } from "node:https";
import { text as textOf } from "node:stream/consumers";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { complaint } from "../../src/dev/api-server/authorization/gate.ts";
import { eventually } from "../support/api-server-lab.ts";
import { permissionsOf, rulesWithout, unneeded } from "../support/permissions.ts";
import { collectionOf, type LabController, type LabSpeaker, NAMESPACE, RbacLab } from "../support/rbac-lab.ts";

const METALLB = `/apis/metallb.io/v1beta1/namespaces/${NAMESPACE}`;
const SERVICES = "/api/v1/namespaces/shop/services";
const EVENTS = "/api/v1/namespaces/shop/events";
const SECRETS = `/api/v1/namespaces/${NAMESPACE}/secrets`;

const EXCLUDE = "node.kubernetes.io/exclude-from-external-load-balancers";

/** Has the roles for people who look at what controller and speakers do. */
const OPERATOR = "operator";

/** May read metrics. */
const SCRAPER = "scraper";

/** Another replica leads after five seconds; that nobody can announce is said after five more. On a busy machine, later. */
const PATIENCE = 45_000;

let lab: RbacLab;
/** The one that leads. */
let controller: LabController;
let speakers: readonly LabSpeaker[];

// oxlint-disable-next-line typescript/no-explicit-any -- tests look anywhere into answers
type Any = any;

function denied(): readonly string[] {
  return lab.journal.filter(({ allowed }) => !allowed).map(({ user, attributes }) => complaint(user, attributes));
}

/** Waits until something among the items of a list is as it should be. */
async function until(path: string, accept: (items: Any[]) => boolean): Promise<Any[]> {
  const items = async (): Promise<Any[]> => (await lab.api.get(path)).json.items;
  return await eventually(items, accept, PATIENCE).catch((error: Error) => {
    throw new Error(`${path}: ${error.message}\n${denied().join("\n")}`);
  });
}

function configure(kind: string, name: string, spec: object, version = "v1beta1"): Promise<void> {
  return lab.create({ apiVersion: `metallb.io/${version}`, kind, metadata: { name, namespace: NAMESPACE }, spec });
}

async function change(path: string, body: object): Promise<void> {
  const { code, text } = await lab.api.patch(path, "merge", body);
  if (code !== 200) throw new Error(text);
}

function exclude(node: string, excluded: boolean): Promise<void> {
  return change(`/api/v1/nodes/${node}`, { metadata: { labels: { [EXCLUDE]: excluded ? "" : null } } });
}

function service(name: string, annotations: object = {}): Promise<void> {
  const spec = { type: "LoadBalancer", ports: [{ port: 80 }] };
  return lab.create({ apiVersion: "v1", kind: "Service", metadata: { name, namespace: "shop", annotations }, spec });
}

function hasCondition(type: string, wanted: object): (service: Any) => boolean {
  return ({ status }) =>
    (status?.conditions ?? []).some(
      (each: Any) => each.type === type && Object.entries(wanted).every(([key, value]) => each[key] === value),
    );
}

/** GET of a metrics server with somebody's token. */
function scrape(port: number, token: string): Promise<{ readonly code: number; readonly text: string }> {
  return new Promise((resolve, reject) => {
    const headers = { authorization: `Bearer ${token}` };
    const options = { port, path: "/metrics", headers, rejectUnauthorized: false, agent: false };
    request(options, (response) => {
      const { statusCode: code = 0 } = response;
      textOf(response).then((text) => resolve({ code, text }), reject);
    })
      .on("error", reject)
      .end();
  });
}

beforeAll(async () => {
  const inspect = { create: true, subjects: [{ kind: "User", name: OPERATOR }] };
  lab = await RbacLab.start({ rbac: { bgpPasswordSecrets: ["password"], inspect } });
  await lab.create({ apiVersion: "v1", kind: "Namespace", metadata: { name: "shop" } });
  for (const name of ["a", "b"]) await lab.create({ apiVersion: "v1", kind: "Node", metadata: { name } });
  const apiVersion = "rbac.authorization.k8s.io/v1";
  const [metadata, rules] = [{ name: "scraper" }, [{ nonResourceURLs: ["/metrics"], verbs: ["get"] }]];
  await lab.create({ apiVersion, kind: "ClusterRole", metadata, rules });
  const roleRef = { kind: "ClusterRole", name: "scraper" };
  await lab.create({
    apiVersion,
    kind: "ClusterRoleBinding",
    metadata,
    roleRef,
    subjects: [{ kind: "User", name: SCRAPER }],
  });
});

afterAll(() => lab?.close());

describe("every feature is used", { timeout: 2 * PATIENCE }, () => {
  test("controller and speakers start: the Lease, the membership's Secret, the webhooks' certificate", async () => {
    controller = await lab.controller("controller-1");
    speakers = await Promise.all(["a", "b"].map((node) => lab.speaker(node, `speaker-${node}1`)));
    const has = (name: string, key: string) => (found: Any[]) =>
      found.some(({ metadata, data }) => metadata.name === name && data?.[key] !== undefined);
    await until(SECRETS, has("metallb-memberlist", "secretkey"));
    await until(SECRETS, has("metallb-webhook-cert", "tls.crt"));
    expect(denied()).toEqual([]);
  });

  test("all kinds are admitted, one is converted, and a password is read", async () => {
    await lab.create({
      apiVersion: "v1",
      kind: "Secret",
      metadata: { name: "password", namespace: NAMESPACE },
      type: "kubernetes.io/basic-auth",
      stringData: { username: "", password: "secret" },
    });
    await configure("IPAddressPool", "pool", { addresses: ["192.0.2.0/28", "2001:db8::/124"] });
    await configure("L2Advertisement", "l2", {});
    await configure("BGPAdvertisement", "bgp", {});
    await configure("Community", "names", { communities: [{ name: "ours", value: "64512:1" }] });
    await configure("BFDProfile", "fast", {});
    const peer = { myASN: 64512, peerASN: 64513, peerPort: 1 };
    await configure("BGPPeer", "old", { ...peer, peerAddress: "127.0.0.1" });
    const passwordSecret = { name: "password" };
    await configure("BGPPeer", "router", { ...peer, peerAddress: "127.0.0.2", passwordSecret }, "v1beta2");
    expect(denied()).toEqual([]);
  });

  test("a Service gets an address, and is announced by both protocols; all say how they are", async () => {
    await service("web");
    await service("greedy", { "metallb.io/loadBalancerIPs": "203.0.113.1" });
    await lab.create({
      apiVersion: "discovery.k8s.io/v1",
      kind: "EndpointSlice",
      metadata: { name: "web-1", namespace: "shop", labels: { "kubernetes.io/service-name": "web" } },
      addressType: "IPv4",
      endpoints: ["a", "b"].map((nodeName) => ({ addresses: ["10.0.0.1"], nodeName, conditions: { ready: true } })),
    });
    const saying = (count: number, field: string) => (found: Any[]) =>
      found.filter(({ status }) => status?.[field] !== undefined).length === count;
    await until(`${METALLB}/servicel2statuses`, saying(1, "node"));
    await until(`${METALLB}/servicebgpstatuses`, saying(2, "peers"));
    await until(`${METALLB}/bgpsessionstates`, saying(4, "peer"));
    await until(`${METALLB}/configurationstates`, saying(3, "result"));
    await until(`${METALLB}/ipaddresspools`, ([pool]) => pool.status?.assignedIPv4 === 1);
    expect(denied()).toEqual([]);
  });

  test("it moves, and what happens again is counted in its event", async () => {
    const [first] = await until(`${METALLB}/servicel2statuses`, (found) => found.length === 1);
    const owner = first.status.node as string;
    await exclude(owner, true);
    await until(`${METALLB}/servicel2statuses`, ([now]) => now?.status !== undefined && now.status.node !== owner);
    await exclude(owner, false);
    await until(`${METALLB}/servicel2statuses`, ([now]) => now?.status?.node === owner);
    const isRefused = hasCondition("metallb.io/Allocated", { reason: "AddressOutsidePools" });
    for (const address of ["192.0.2.9", "203.0.113.1", "192.0.2.9", "203.0.113.1"]) {
      await change(`${SERVICES}/greedy`, { metadata: { annotations: { "metallb.io/loadBalancerIPs": address } } });
      await until(SERVICES, (found) => found.some(isRefused) === (address === "203.0.113.1"));
    }
    for (const component of ["metallb-speaker", "metallb-controller"]) {
      await until(EVENTS, (found) => found.some(({ source, count }) => source.component === component && count > 1));
    }
    expect(denied()).toEqual([]);
  });

  test("metrics are read", async () => {
    const token = lab.server.addUser(SCRAPER);
    const answers = await Promise.all([controller, ...speakers].map(({ metricsPort }) => scrape(metricsPort, token)));
    expect(answers.map(({ code }) => code)).toEqual([200, 200, 200]);
  });

  const MORE_POOLS = JSON.stringify({
    apiVersion: "metallb.io/v1beta1",
    kind: "IPAddressPool",
    metadata: { name: "more", namespace: NAMESPACE },
    spec: { addresses: ["198.51.100.0/24"] },
  });
  test.each(["owners", "explain service shop/web", "bgp peers", "bgp routes", "plan -f"])(
    "people ask: %s",
    async (line) => {
      const files = line.endsWith("-f") ? [lab.file("more.yaml", MORE_POOLS)] : [];
      const { code, out, err } = await lab.inspectAs(OPERATOR, ...line.split(" "), ...files, "-o", "json");
      expect({ code, err, unread: out.match(/forbidden|not read/gi) }).toEqual({ code: 0, err: "", unread: null });
    },
  );

  test("another replica takes over, with a conflict, where lists are not streamed; nobody can announce", async () => {
    lab.server.testing.streamLists(false);
    const second = await lab.controller("controller-2");
    const isRenewal = ({ verb, path }: Any): boolean => verb === "patch" && path === `${SERVICES}/greedy/status`;
    lab.server.testing.failNext(isRenewal, 409, "Conflict");
    for (const node of ["a", "b"]) await exclude(node, true);
    controller.process.kill();
    const tookOver = (output: string): boolean => output.includes("took over: late writes are void");
    controller = second;
    await eventually(() => Promise.resolve(controller.process.output), tookOver, PATIENCE);
    const isNobodys = hasCondition("metallb.io/Layer2Announced", { status: "False" });
    await until(SERVICES, (found) => found.some(isNobodys));
    await exclude("a", false);
    await until(`${METALLB}/servicel2statuses`, ([first]) => first?.status?.node === "a");
    expect(denied()).toEqual([]);
  });

  test("the webhooks' Secret is lost, and made again", async () => {
    await lab.api.delete(`${SECRETS}/metallb-webhook-cert`);
    await until(SECRETS, (found) => found.some(({ metadata }) => metadata.name === "metallb-webhook-cert"));
    expect(denied()).toEqual([]);
  });

  test("a speaker is replaced, and its next Pod takes over what it said", async () => {
    await speakers[0]!.stop();
    await lab.speaker("a", "speaker-a2");
    const isTakenOver = ({ metadata }: Any): boolean => metadata.ownerReferences?.[0]?.name === "speaker-a2";
    for (const kind of ["servicel2statuses", "servicebgpstatuses", "bgpsessionstates"]) {
      await until(`${METALLB}/${kind}`, (found) => found.some(isTakenOver));
    }
    expect(denied()).toEqual([]);
  });

  test("what is no more is not spoken of", async () => {
    await lab.api.delete(`${METALLB}/bgppeers/old`);
    await until(`${METALLB}/bgpsessionstates`, (found) => found.length === 2);
    await lab.api.delete(`${SERVICES}/web`);
    await until(`${METALLB}/servicebgpstatuses`, (found) => found.length === 0);
    await until(`${METALLB}/servicel2statuses`, (found) => found.length === 0);
    expect(denied()).toEqual([]);
  });
});

describe("the chart's roles allow", () => {
  test("everything that was asked for", () => {
    expect(lab.journal.length).toBeGreaterThan(100);
    expect(denied()).toEqual([]);
  });

  test("nothing else: without any one permission, something would have been denied", () => {
    expect(permissionsOf(lab.manifests).length).toBeGreaterThan(80);
    expect(unneeded(lab.manifests, lab.journal)).toEqual([]);
  });
});

describe("what is taken away is missed", { timeout: 2 * PATIENCE }, () => {
  /** Takes a permission away as long as `look` takes. Returns what was denied meanwhile. */
  async function without(text: string, look: () => Promise<void>): Promise<string> {
    const permissions = permissionsOf(lab.manifests);
    const taken = permissions.find((permission) => permission.text === text);
    if (taken === undefined) throw new Error(`no role has it: ${text}`);
    const { role } = taken;
    const path = `${collectionOf(role)}/${role.metadata.name}`;
    await change(path, { rules: rulesWithout(role, permissions, taken) });
    const before = denied().length;
    try {
      await look();
    } finally {
      await change(path, { rules: role["rules"] });
    }
    return denied().slice(before).join("\n");
  }

  async function says(text: () => string, said: RegExp): Promise<void> {
    await eventually(
      () => Promise.resolve(text()),
      (output) => said.test(output),
      PATIENCE,
    );
  }

  const speakersSay = (): string =>
    lab.log.lines
      .map((line) => JSON.stringify(line))
      .join("\n")
      .replaceAll("\\", "");

  test("writing addresses: an event at the Service, and a line in the log, name the permission", async () => {
    const missed = await without("ClusterRole metallb:controller: patch services/status", async () => {
      await service("late");
      const wanted = 'cannot patch resource "services/status" in API group ""';
      await until(EVENTS, (found) =>
        found.some(({ reason, message }) => reason === "StatusNotWritten" && message.includes(wanted)),
      );
      await says(() => controller.process.output, /writing the status failed; retrying/);
    });
    expect(missed).toContain('cannot patch resource "services/status"');
    await until(SERVICES, (found) => found.every(({ status }) => status.loadBalancer?.ingress !== undefined));
  });

  test("telling where a Service is announced", async () => {
    const missed = await without("Role metallb-pod-lister: create servicel2statuses.metallb.io", async () => {
      await lab.create({
        apiVersion: "discovery.k8s.io/v1",
        kind: "EndpointSlice",
        metadata: { name: "late-1", namespace: "shop", labels: { "kubernetes.io/service-name": "late" } },
        addressType: "IPv4",
        endpoints: [{ addresses: ["10.0.0.1"], nodeName: "a", conditions: { ready: true } }],
      });
      await says(
        speakersSay,
        /not written, will retry: .*cannot create resource "servicel2statuses" in API group "metallb.io"/,
      );
    });
    expect(missed).toContain('cannot create resource "servicel2statuses"');
    await until(`${METALLB}/servicel2statuses`, (found) => found.length === 1);
  });

  test("following the nodes, when watches begin anew", async () => {
    const missed = await without("ClusterRole metallb:speaker: watch nodes", async () => {
      lab.server.testing.dropWatches();
      await says(speakersSay, /watch failed; retrying until it works/);
      await says(speakersSay, /cannot watch resource "nodes"/);
    });
    expect(missed).toContain('cannot watch resource "nodes"');
  });

  test("reviewing tokens: who asks for metrics is told why not", async () => {
    await without("ClusterRole metallb:controller: create tokenreviews.authentication.k8s.io", async () => {
      const { code, text } = await scrape(controller.metricsPort, lab.server.addUser(SCRAPER));
      expect({ code, text }).toEqual({
        code: 503,
        text: expect.stringContaining('cannot create resource "tokenreviews"'),
      });
    });
  });

  test("asking speakers", async () => {
    await without("Role metallb-inspect: get pods/proxy", async () => {
      const { out } = await lab.inspectAs(OPERATOR, "owners");
      expect(out).toContain(`you may not get pods/proxy in namespace ${NAMESPACE}`);
    });
  });

  test("leading", async () => {
    const missed = await without(
      'Role metallb-controller: update leases.coordination.k8s.io "metallb-controller"',
      async () => {
        await says(
          () => controller.process.output,
          /no permission for the Lease, so nothing is decided and nothing written: let the controller's Role/,
        );
      },
    );
    expect(missed).toContain('cannot update resource "leases"');
  });
});
