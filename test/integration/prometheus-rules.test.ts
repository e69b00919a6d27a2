import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { exposedSeries, unknownIn } from "../support/expression-check.ts";
import { manifestOf, renderChart } from "../support/helm.ts";
import { type AlertRule, checkFiring, checkRules, type InputSeries, type RuleGroups } from "../support/promtool.ts";
import { requireOrSkip } from "../support/requirements.ts";

const DAY = 24 * 3600;
const BIG = 2 ** 64;

const PROMETHEUS = { serviceAccount: "prometheus", namespace: "monitoring", podMonitor: { enabled: true } };

function rulesOf(values: object = {}): RuleGroups {
  const prometheus = { ...PROMETHEUS, prometheusRule: { enabled: true, ...values } };
  return manifestOf(renderChart({ values: { prometheus } }), "PrometheusRule", "metallb")["spec"] as RuleGroups;
}

const RULES = rulesOf();
const ALERTS: readonly AlertRule[] = RULES.groups.flatMap(({ rules }) => rules);

/** A series as Prometheus has it when the chart's monitors tell it what to scrape. */
function series(metric: string, pod: string, more: Readonly<Record<string, string>> = {}): string {
  return metric + labelsOf({ ...target(pod), ...more });
}

function target(pod: string): Readonly<Record<string, string>> {
  return { job: "metallb", namespace: "metallb-system", pod };
}

function labelsOf(labels: Readonly<Record<string, string>>): string {
  return `{${Object.entries(labels)
    .map(([name, value]) => `${name}="${value}"`)
    .join(",")}}`;
}

/** An alert that fires, with the labels of its series. */
interface Firing {
  readonly alert: string;
  readonly labels: Readonly<Record<string, string>>;
}

function of(alert: string, pod: string, more: Readonly<Record<string, string>> = {}): Firing {
  return { alert: `MetalLB${alert}`, labels: { ...target(pod), ...more } };
}

function complaints(rules: RuleGroups, rows: readonly Row[]): string {
  const ruleOf = new Map(rules.groups.flatMap((group) => group.rules).map((rule) => [rule.alert, rule]));
  const withLabels = ({ alert, labels }: Firing): string =>
    labelsOf({ alertname: alert, alertstate: "firing", ...labels, ...ruleOf.get(alert)?.labels });
  const cases = rows.map((row) => ({ minute: 30, ...row, firing: row.firing.map(withLabels) }));
  return checkFiring(rules, cases);
}

interface Row {
  readonly name: string;
  readonly series: readonly InputSeries[];
  /** When to look; default: 30. */
  readonly minute?: number;
  /** What fires then, and nothing else. */
  readonly firing: readonly Firing[];
}

function pools(name: string, ipv4: readonly [number, number], ipv6: readonly [number, number]): readonly InputSeries[] {
  const counts: Readonly<Record<string, readonly [inUse: number, total: number]>> = {
    "": [ipv4[0] + ipv6[0], ipv4[1] + ipv6[1]],
    ipv4_: ipv4,
    ipv6_: ipv6,
  };
  return Object.entries(counts).flatMap(([family, [inUse, total]]) => [
    [series(`metallb_allocator_${family}addresses_in_use_total`, "c", { pool: name }), `${inUse}x30`] as const,
    [series(`metallb_allocator_${family}addresses_total`, "c", { pool: name }), `${total}x30`] as const,
  ]);
}

const LEADER: readonly InputSeries[] = [[series("metallb_controller_leader", "c"), "1x60"]];
const STANDBY: readonly InputSeries[] = [[series("metallb_controller_leader", "standby"), "0x60"]];
const STALE = "metallb_k8s_client_config_stale_bool";
const LOADED = "metallb_k8s_client_config_loaded_bool";
const FULL = ["75", "85", "95"].map((percent) => `AddressPoolUsage${percent}Percent`);
const CERTIFICATE = series("metallb_controller_webhook_certificate_expiration_timestamp_seconds", "c");
const members = (pod: string, alive: number, suspect = 0): readonly InputSeries[] => [
  [series("metallb_membership_members", pod, { state: "alive" }), `${alive}x30`],
  [series("metallb_membership_members", pod, { state: "suspect" }), `${suspect}x30`],
];

const ROWS: readonly Row[] = [
  { name: "all is well", series: [...LEADER, ...STANDBY], firing: [] },
  {
    name: "processes go on with an old configuration",
    series: [...LEADER, [series(STALE, "c"), "1x30"], [series(STALE, "s"), "0x5 1x25"], [series(STALE, "t"), "0x30"]],
    firing: [of("StaleConfig", "c"), of("StaleConfig", "s")],
  },
  {
    name: "a controller that stands by stopped to lead with a stale configuration, and another has a mistake for a moment",
    series: [...LEADER, ...STANDBY, [series(STALE, "standby"), "1x30"], [series(STALE, "s"), "0x29 1x2"]],
    firing: [],
  },
  {
    name: "a controller that leads, and a speaker, have no configuration",
    series: [
      ...LEADER,
      [series(LOADED, "c"), "0x30"],
      [series(LOADED, "s"), "0x30"],
      [series(LOADED, "t"), "0x3 1x27"],
    ],
    firing: [of("ConfigNotLoaded", "c"), of("ConfigNotLoaded", "s")],
  },
  {
    name: "a controller that stands by has no configuration yet",
    series: [...LEADER, ...STANDBY, [series(LOADED, "standby"), "0x30"], [series(LOADED, "c"), "1x30"]],
    firing: [],
  },
  ...[
    { name: "IPv4", ipv4: [8, 8], ipv6: [0, 0] },
    { name: "IPv6", ipv4: [0, 0], ipv6: [8, 8] },
    { name: "both families, IPv4 full", ipv4: [8, 8], ipv6: [8, BIG] },
    { name: "both families, IPv6 full", ipv4: [8, 2 ** 32], ipv6: [8, 8] },
  ].map(({ name, ipv4, ipv6 }) => ({
    name: `a pool is exhausted: ${name}`,
    series: [...LEADER, ...pools("a", ipv4 as [number, number], ipv6 as [number, number])],
    firing: ["AddressPoolExhausted", ...FULL].map((alert) => of(alert, "c", { pool: "a" })),
  })),
  {
    name: "pools of one family and of both have addresses left",
    series: [
      ...LEADER,
      ...pools("a", [3, 4], [0, 0]),
      ...pools("b", [0, 0], [3, 4]),
      ...pools("c", [3, 4], [1, BIG]),
      ...pools("d", [0, 4], [0, 0]),
    ],
    firing: [],
  },
  {
    name: "pools are 76, 86 and 96 % full",
    series: [
      ...LEADER,
      ...pools("a", [76, 100], [0, 0]),
      ...pools("b", [0, 0], [86, 100]),
      ...pools("c", [96, 100], [1, BIG]),
    ],
    firing: [
      ...["a", "b", "c"].map((pool) => of(FULL[0]!, "c", { pool })),
      ...["b", "c"].map((pool) => of(FULL[1]!, "c", { pool })),
      of(FULL[2]!, "c", { pool: "c" }),
    ],
  },
  {
    name: "a BGP session of each family is down, others are up, one for a moment",
    series: [
      ...LEADER,
      [series("metallb_bgp_session_up", "s", { peer: "192.0.2.1:179" }), "0x30"],
      [series("metallb_bgp_session_up", "s", { peer: "[2001:db8::1]:179" }), "1x20 0x10"],
      [series("metallb_bgp_session_up", "t", { peer: "192.0.2.1:179" }), "1x30"],
      [series("metallb_bgp_session_up", "t", { peer: "[2001:db8::1]:179" }), "1x29 0x2"],
    ],
    firing: [
      of("BGPSessionDown", "s", { peer: "192.0.2.1:179" }),
      of("BGPSessionDown", "s", { peer: "[2001:db8::1]:179" }),
    ],
  },
  {
    name: "one session comes and goes, another was established twice",
    series: [
      ...LEADER,
      [series("metallb_bgp_session_transitions_total", "s", { peer: "p", state: "Established" }), "0+1x30"],
      [series("metallb_bgp_session_transitions_total", "t", { peer: "p", state: "Established" }), "0x15 1x6 2x9"],
      [series("metallb_bgp_session_transitions_total", "t", { peer: "p", state: "Active" }), "0+1x30"],
    ],
    firing: [of("BGPSessionFlapping", "s", { peer: "p", state: "Established" })],
  },
  {
    name: "no controller leads",
    series: STANDBY,
    firing: [{ alert: "MetalLBNoLeader", labels: {} }],
  },
  {
    name: "there is no controller",
    series: [],
    firing: [{ alert: "MetalLBNoLeader", labels: { namespace: "metallb-system" } }],
  },
  {
    name: "the lead goes from one to the other",
    series: [
      [series("metallb_controller_leader", "a"), "1x28 0x2"],
      [series("metallb_controller_leader", "b"), "0x29 1x1"],
    ],
    firing: [],
  },
  {
    name: "Services wait for one reason, and did for another",
    series: [
      ...LEADER,
      [series("metallb_controller_services_pending", "c", { reason: "pool-exhausted" }), "3x30"],
      [series("metallb_controller_services_pending", "c", { reason: "no-pools" }), "1x25 0x5"],
      [series("metallb_controller_services_pending", "standby", { reason: "no-pools" }), "0x30"],
    ],
    firing: [{ alert: "MetalLBServicesPending", labels: { namespace: "metallb-system", reason: "pool-exhausted" } }],
  },
  {
    name: "all speakers say that no node announces a Service",
    series: [
      ...LEADER,
      ...["s", "t"].flatMap((pod): readonly InputSeries[] => [
        [series("metallb_layer2_services_unannounced", pod, { reason: "nodeNotAlive" }), "2x30"],
        [series("metallb_layer2_services_unannounced", pod, { reason: "noCandidates" }), "0x30"],
      ]),
    ],
    firing: [{ alert: "MetalLBServiceNotAnnounced", labels: { namespace: "metallb-system", reason: "nodeNotAlive" } }],
  },
  ...["192.0.2.10", "2001:db8::10"].flatMap((ip) => {
    const claims = series("metallb_layer2_duplicate_owners_total", "s", { ip });
    return [
      {
        name: `another station claims ${ip} for the first time since the speaker started`,
        series: [...LEADER, [claims, "_x28 1x2"] as const],
        firing: [of("DuplicateOwner", "s", { ip })],
      },
      {
        name: `another station claims ${ip} again`,
        series: [...LEADER, [claims, "1x25 2x5"] as const],
        firing: [of("DuplicateOwner", "s", { ip })],
      },
      { name: `a claim of ${ip} is long ago`, series: [...LEADER, [claims, "1x30"] as const], firing: [] },
    ];
  }),
  {
    name: "a speaker doubts itself, another did when it started",
    series: [
      ...LEADER,
      [series("metallb_membership_doubtful", "s", { reason: "silence" }), "1x30"],
      [series("metallb_membership_doubtful", "t", { reason: "joining" }), "_x28 1x1 0x1"],
    ],
    firing: [of("SpeakerInDoubt", "s", { reason: "silence" })],
  },
  {
    name: "each speaker sees all, one of them as a suspect",
    series: [...LEADER, ...members("s", 3), ...members("t", 2, 1), ...members("u", 3)],
    firing: [],
  },
  {
    name: "speakers see two, two and one of three",
    series: [...LEADER, ...members("s", 2), ...members("t", 2), ...members("u", 1)],
    firing: ["s", "t", "u"].map((pod) => of("MembershipSplit", pod)),
  },
  {
    name: "the webhooks' certificate runs out",
    series: [...LEADER, [CERTIFICATE, `${20 * DAY}x120`]],
    minute: 90,
    firing: [
      of("WebhookCertificateExpires", "c"),
      { alert: "MetalLBNoLeader", labels: { namespace: "metallb-system" } },
    ],
  },
  {
    name: "the webhooks' certificate is good for long, and another replica has none",
    series: [
      [series("metallb_controller_leader", "c"), "1x120"],
      [CERTIFICATE, `${300 * DAY}x120`],
      [series("metallb_controller_webhook_certificate_expiration_timestamp_seconds", "standby"), "0x120"],
    ],
    minute: 90,
    firing: [],
  },
];

describe.skipIf(requireOrSkip(["bin:promtool"]).skip)("alerts", () => {
  test("promtool finds no fault in them", () => {
    expect(checkRules(RULES)).toBe("");
    expect(checkRules({ groups: [{ name: "x", rules: [{ alert: "X", expr: "up ==" }] }] })).toContain("parse error");
  });

  test("fire when they should, and not when they shouldn't", () => {
    expect(complaints(RULES, ROWS)).toBe("");
  });

  test("ask for what is exposed", async () => {
    const known = await exposedSeries();
    expect(ALERTS.flatMap(({ expr }) => unknownIn(expr, known))).toEqual([]);
  });

  test("each of them fires in one of these rows, and says nothing of labels that it doesn't have", () => {
    const fired = new Map(ROWS.flatMap(({ firing }) => firing).map(({ alert, labels }) => [alert, labels]));
    expect([...fired.keys()].sort()).toEqual(ALERTS.map(({ alert }) => alert).sort());
    for (const { alert, annotations } of ALERTS) {
      const said = [
        ...Object.values(annotations)
          .join(" ")
          .matchAll(/\$labels\.(\w+)/g),
      ].map(([, label]) => label!);
      expect(Object.keys(fired.get(alert)!)).toEqual(expect.arrayContaining(said));
    }
  });

  test("are explained in docs/observability.md", () => {
    const page = readFileSync(join(import.meta.dirname, "../../docs/observability.md"), "utf8");
    const explained = [...page.matchAll(/^\| `(MetalLB\w+)`/gm)].map(([, alert]) => alert!);
    const further = /AddressPoolUsage(?!75)/;
    expect(explained).toEqual(ALERTS.map(({ alert }) => alert).filter((alert) => !further.test(alert)));
  });

  test("a row that expects too much or too little fails", () => {
    const tooMuch = { name: "too much", series: LEADER, firing: [of("StaleConfig", "c")] };
    const tooLittle = { name: "too little", series: STANDBY, firing: [] };
    expect(complaints(RULES, [tooMuch, ROWS[0]!])).toContain("MetalLBStaleConfig");
    expect(complaints(RULES, [ROWS[0]!, tooLittle])).toContain("MetalLBNoLeader");
  });
});
