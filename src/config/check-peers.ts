import type { BgpTogether } from "./bgp-together.ts";
import { announces } from "./local-pref-conflict.ts";
import type { BgpPeer } from "./model.ts";

/** Two sessions of a node with one router from one address close each other for ever (RFC 4271 §6.8). */
export function checkSamePeers({ peers, nodes, complainAbout }: BgpTogether): void {
  const groups = new Map<string, BgpPeer[]>();
  for (const peer of peers) {
    const identity = identityOf(peer);
    const group = groups.get(identity) ?? [];
    const twin = group.find((other) => nodes.meet(other, peer));
    if (twin !== undefined) {
      const field = peer.endpoint.is === "interface" ? "spec.interface" : "spec.peerAddress";
      const message = `a session with this peer already exists: BGPPeer ${JSON.stringify(twin.name)}`;
      const fix = "use nodeSelectors without a common node, or another port, sourceAddress or vrf";
      complainAbout("BGPPeer", peer.name)(field, message, fix);
    }
    group.push(peer);
    groups.set(identity, group);
  }
}

function identityOf({ endpoint, port, vrf = "", sourceAddress }: BgpPeer): string {
  const where = endpoint.is === "interface" ? endpoint.interface : `${endpoint.address}%${endpoint.zone ?? ""}`;
  return JSON.stringify([where, port, vrf, String(sourceAddress)]);
}

/** The echo function is for IPv4 only. */
export function checkEcho({ peers, bfdProfiles, advertisements, complainAbout }: BgpTogether): void {
  const echoing = new Set(bfdProfiles.filter(({ echoMode }) => echoMode).map(({ name }) => name));
  const withIpv6 = advertisements.flatMap((advertisement) => {
    const { name, peers: only, attached } = advertisement;
    const pool = attached.find(({ families }) => families.has("IPv6") && announces(advertisement, "IPv6"));
    return pool === undefined ? [] : [{ name, only: new Set(only), pool: pool.name }];
  });
  for (const { name, bfdProfile = "" } of peers) {
    if (!echoing.has(bfdProfile)) continue;
    const found = withIpv6.find(({ only }) => only.size === 0 || only.has(name));
    if (found === undefined) continue;
    const [profile, advertisement, pool] = [bfdProfile, found.name, found.pool].map((text) => JSON.stringify(text));
    const routes = `BGPAdvertisement ${advertisement} announces IPv6 pool ${pool} to this peer`;
    const message = `BFD profile ${profile} has echoMode, which is for IPv4 only, and ${routes}`;
    complainAbout("BGPPeer", name)("spec.bfdProfile", message, "use a profile without echoMode");
  }
}
