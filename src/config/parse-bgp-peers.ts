import type * as z from "zod";
import type { IpAddress } from "../ip/address.ts";
import { familyOf, isLinkLocalUnicast, parseAddress } from "../ip/address.ts";
import type { KubeObject } from "../ports/kube.ts";
import { bgpPeerSpec } from "./crd/bgp-peer.ts";
import { fieldsOf } from "./fields.ts";
import type { ConfigIssue } from "./issues.ts";
import type { BgpPeer, PeerEndpoint, RemoteAs } from "./model.ts";
import { parseSelectors } from "./parse-selector.ts";
import { passwordOf } from "./peer-password.ts";
import type { Complain } from "./resource.ts";
import { nameOf, parseEach, parseSpec } from "./resource.ts";
import type { SecretView } from "./secret.ts";
import { parseConnectTime, parseTimers } from "./session-timers.ts";

type PeerSpec = z.infer<typeof bgpPeerSpec>;

const KIND = "BGPPeer";

/** What peers refer to. */
export interface PeerReferences {
  /** Names of the BFDProfiles that are defined, valid or not. */
  readonly bfdProfiles: ReadonlySet<string>;
  /** Undefined: not known, and not checked. */
  readonly secrets: readonly SecretView[] | undefined;
}

/** Parses BGPPeers of version v1beta2. Invalid ones are left out. */
export function parseBgpPeers(
  resources: readonly KubeObject[],
  references: PeerReferences,
): { readonly peers: readonly BgpPeer[]; readonly issues: readonly ConfigIssue[] } {
  const { parsed, issues } = parseEach(KIND, resources, (resource, complain) =>
    parseOne(resource, references, complain),
  );
  return { peers: parsed, issues };
}

function parseOne(resource: KubeObject, references: PeerReferences, complain: Complain): BgpPeer | undefined {
  const spec = parseSpec(bgpPeerSpec, KIND, withoutPortZero(resource), complain);
  if (spec === undefined) return undefined;
  const endpoint = parseEndpoint(spec, complain);
  const remoteAs = parseRemoteAs(spec, complain);
  checkBfdProfile(spec.bfdProfile, references.bfdProfiles, complain);
  const rest = {
    name: nameOf(resource),
    myAsn: spec.myASN,
    localAsn: spec.localASN,
    port: spec.peerPort,
    sourceAddress: parseOptionalAddress(spec.sourceAddress, "spec.sourceAddress", complain),
    routerId: parseRouterId(spec.routerID, complain),
    timers: parseTimers(spec, complain),
    connectTime: parseConnectTime(spec.connectTime, complain),
    nodeSelectors: parseSelectors(spec.nodeSelectors, "spec.nodeSelectors", complain),
    password: passwordOf(spec, references.secrets, complain),
    bfdProfile: textIn(spec.bfdProfile),
    gracefulRestart: spec.enableGracefulRestart ?? false,
    ebgpMultiHop: spec.ebgpMultiHop ?? false,
    vrf: textIn(spec.vrf),
    dualStack: spec.dualStackAddressFamily,
    passive: spec.passive ?? false,
    ttlSecurity: parseTtlSecurity(spec, complain),
    maxPrefixes: spec.maximumPrefixes,
  };
  return endpoint === undefined || remoteAs === undefined ? undefined : { ...rest, endpoint, remoteAs };
}

/** Port 0 stands for no port in v1beta1, and comes along when the API server only relabels versions. */
function withoutPortZero(resource: KubeObject): KubeObject {
  const { peerPort, ...rest } = fieldsOf(resource["spec"]);
  return peerPort === 0 ? { ...resource, spec: rest } : resource;
}

function parseRemoteAs(spec: PeerSpec, complain: Complain): RemoteAs | undefined {
  const { myASN, peerASN = 0, dynamicASN, ebgpMultiHop } = spec;
  if (myASN === 0) complain("spec.myASN", "0 is not the number of an autonomous system", "write your own AS number");
  if (peerASN === 0 && dynamicASN === undefined) {
    complain("spec.peerASN", "neither peerASN nor dynamicASN is set", "set one of them");
    return undefined;
  }
  if (peerASN !== 0 && dynamicASN !== undefined) {
    complain("spec.dynamicASN", "peerASN and dynamicASN are both set", "remove one of them");
    return undefined;
  }
  if (dynamicASN !== undefined) return { is: dynamicASN };
  if (peerASN === myASN && ebgpMultiHop === true) {
    const message = "ebgpMultiHop is for external peers, and this one is in our own autonomous system";
    complain("spec.ebgpMultiHop", message, "remove it, or correct peerASN");
  }
  return { is: "number", asn: peerASN };
}

function parseEndpoint(spec: PeerSpec, complain: Complain): PeerEndpoint | undefined {
  const { peerAddress = "", interface: interfaceName = "" } = spec;
  if ((peerAddress === "") === (interfaceName === "")) {
    const message =
      peerAddress === "" ? "neither peerAddress nor interface is set" : "peerAddress and interface are both set";
    complain("spec.peerAddress", message, "set one of them");
    return undefined;
  }
  if (interfaceName !== "") return { is: "interface", interface: interfaceName };
  const endpoint = parsePeerAddress(peerAddress);
  if (endpoint === undefined) {
    const fix = "write an IP address, such as 192.0.2.1, 2001:db8::1 or fe80::1%eth0";
    complain("spec.peerAddress", `invalid BGPPeer address ${JSON.stringify(peerAddress)}`, fix);
  }
  return endpoint;
}

/** A zone is for link-local addresses, and names an interface (RFC 4007 §11). */
function parsePeerAddress(text: string): PeerEndpoint | undefined {
  const percent = text.indexOf("%");
  const zone = percent < 0 ? undefined : text.slice(percent + 1);
  const address = parseAddress(percent < 0 ? text : text.slice(0, percent));
  if (address === undefined) return undefined;
  const zoneFits = zone === undefined || (isLinkLocalUnicast(address) && /^[^\s/%]{1,15}$/.test(zone));
  return zoneFits ? { is: "address", address, zone } : undefined;
}

function parseRouterId(text: string | undefined, complain: Complain): IpAddress | undefined {
  const address = parseOptionalAddress(text, "spec.routerID", complain);
  if (address !== undefined && familyOf(address) === "IPv6") {
    const message = `invalid router ID ${JSON.stringify(text)}: BGP identifiers have four bytes`;
    complain("spec.routerID", message, "write one in the form of an IPv4 address");
  }
  return address;
}

function parseOptionalAddress(text: string | undefined, field: string, complain: Complain): IpAddress | undefined {
  if (text === undefined || text === "") return undefined;
  const address = parseAddress(text);
  if (address === undefined)
    complain(
      field,
      `${JSON.stringify(text)} is not an IP address`,
      "write an address such as 192.0.2.1 or 2001:db8::1",
    );
  return address;
}

function checkBfdProfile(name: string | undefined, known: ReadonlySet<string>, complain: Complain): void {
  if (name === undefined || name === "" || known.has(name)) return;
  const message = `there is no BFDProfile ${JSON.stringify(name)}`;
  complain("spec.bfdProfile", message, "create it, or remove the reference", "unresolved");
}

/** RFC 5082 §3: packets of a peer that is several hops away arrive with any TTL. */
function parseTtlSecurity({ ttlSecurity = false, ebgpMultiHop = false }: PeerSpec, complain: Complain): boolean {
  if (ttlSecurity && ebgpMultiHop) {
    const message = "ttlSecurity is for peers on the same link, and ebgpMultiHop for others";
    complain("spec.ttlSecurity", message, "remove one of the two");
  }
  return ttlSecurity;
}

function textIn(text: string | undefined): string | undefined {
  return text === "" ? undefined : text;
}
