/**
 * What the reference's end-to-end tests of layer 2 assert, by their file, in our words. Each has a test named
 * `file: words`, which `e2e-behaviours.test.ts` sees to.
 */
export const E2E_BEHAVIOURS = {
  "l2.go": [
    "externalTrafficPolicy Cluster is reachable",
    "externalTrafficPolicy Local is reachable on a node with an endpoint",
    "ServiceL2Status names the announcing node, and goes with the Service",
    "TCP and UDP ports of one Service are reachable",
    "a node with NetworkUnavailable loses the address, and gets it back",
    "a node with the exclude label loses the address, and gets it back",
    "a pool given as a range is announced",
    "a pool given as prefixes is announced",
    "Services that share an address are announced from one node",
    "the controller's metrics count the pool and its use",
    "the owner's metrics count, the other speakers' don't, and they end with the Service",
    "an explicitly requested pool is used, with autoAssign true",
    "an explicitly requested pool is used, with autoAssign false",
  ],
  "interface_selector.go": [
    "ServiceL2Status names the selected interface",
    "the address has the MAC of the selected NIC",
    "the selected interface can be changed at runtime",
    "an interface that doesn't exist is not announced on, with an event",
    "interfaces of two advertisements are united",
    "interfaces and a node selector hold together",
  ],
  "node_selector.go": [
    "the one selected node announces, whichever it is",
    "several advertisements select the nodes of all of them",
    "a node that is added to the selection can announce",
  ],
  "preferred_node.go": [
    "the preferred node announces, and the baseline when the label goes",
    "without a match nothing changes",
    "an excluded preferred node fails over, and reclaims when it is back",
    "a change of the advertisement elects anew",
    "nodeSelectors filter, preferences only order what is left",
    "a preferred node that is not selected does not announce",
    "weights of several advertisements are summed",
    "preferences of advertisements for other Services don't count",
  ],
  "service_selector.go": [
    "pool selectors and service selectors must both match",
    "labels of a Service that change start and end the announcement",
    "two advertisements for two nodes make one announcer",
    "advertisements that match either Service or node, but not both, don't announce",
    "of several selectors one is enough",
  ],
  "speaker_failover.go": ["an address moves when its node runs no speaker any more, and returns to it"],
} as const;

/** The behaviours, as `file: words`, after which no test in any of the sources is named. */
export function untested(
  behaviours: Readonly<Record<string, readonly string[]>>,
  sources: readonly string[],
): readonly string[] {
  const strings = sources.flatMap((source) => [...source.matchAll(TITLE)].map(([, title]) => title));
  return Object.entries(behaviours)
    .flatMap(([file, names]) => names.map((name) => `${file}: ${name}`))
    .filter((name) => !strings.includes(name));
}

/** A string of that form, with or without a parameter of a table behind it, but not the title of a skipped test. */
const TITLE = /(?<!\.(?:skip|todo)\(\s*)"([a-z0-9_]+\.go: [^"]+?)(?: \(%s\))?"/g;
