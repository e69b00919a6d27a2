import type { Row } from "./panel.ts";
import { perSecond, risen, speaker } from "./select.ts";

export const BGP: Row = {
  title: "BGP",
  panels: [
    {
      kind: "states",
      title: "Sessions",
      description:
        "Whether each node's session with each peer is established. «metallb bgp peers» says why one is not.",
      queries: [{ expr: `max by (node, peer) (${speaker("metallb_bgp_session_up")})`, legend: "{{node}} {{peer}}" }],
      unit: "short",
      width: 12,
      states: { 0: { word: "down", color: "red" }, 1: { word: "up", color: "green" } },
    },
    {
      kind: "lines",
      title: "Prefixes",
      description:
        "Prefixes that peers were told of, and those that they are meant to have. They differ while a session is down, and where it doesn't carry a family of the Services.",
      queries: [
        {
          expr: `sum by (peer) (${speaker("metallb_bgp_announced_prefixes_total")})`,
          legend: "{{peer}} told",
        },
        {
          expr: `sum by (peer) (${speaker("metallb_bgp_pending_prefixes_total")})`,
          legend: "{{peer}} meant",
        },
      ],
      unit: "short",
      width: 12,
    },
    {
      kind: "lines",
      title: "UPDATE messages",
      description: "Many while nothing changes: routes come and go.",
      queries: [
        { expr: `sum by (peer) (${perSecond(speaker("metallb_bgp_updates_total"))})`, legend: "to {{peer}}" },
        {
          expr: `sum by (peer) (${perSecond(speaker("metallb_bgp_updates_total_received"))})`,
          legend: "from {{peer}}",
        },
      ],
      unit: "mps",
      width: 12,
    },
    {
      kind: "lines",
      title: "Ends of sessions",
      description: "Connections that ended or could not be had, by the reason; docs/bgp.md says what each means.",
      queries: [
        {
          expr: `sum by (peer, reason) (${risen(speaker("metallb_bgp_session_ends_total"))}) > 0`,
          legend: "{{peer}} {{reason}}",
        },
      ],
      unit: "short",
      width: 12,
      shape: "bars",
    },
  ],
};
