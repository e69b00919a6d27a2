import type { RecordedRequest } from "./kubectl-proxy.ts";

/** One command of `test/golden/kubectl-sequences/kubectl-sequences.md` and what a real API server made of it. */
export interface RecordedCommand {
  readonly name: string;
  /** The command's words; none contains a space. */
  readonly words: readonly string[];
  /** kubectl's exit code; undefined when it never ended by itself. */
  readonly exit: number | undefined;
  /** `METHOD path -> status`, in comparable form. */
  readonly requests: readonly string[];
}

/** Stands for one request per served group version, which kubectl 1.20 sends all at once. */
const EVERY_GROUP_VERSION = "GET every /apis/<group>/<version> -> 200";

const COMMAND = /^\*\*(\S+)\*\* `(.+)` rc=(\d+|null)$/;

/** Reads the document: the commands by kubectl version, in its order. */
export function readKubectlSequences(text: string): Map<string, RecordedCommand[]> {
  const versions = new Map<string, RecordedCommand[]>();
  for (const section of text.split(/^## kubectl /m).slice(1)) {
    const version = section.slice(0, section.indexOf("\n")).trim();
    versions.set(
      version,
      section
        .split(/^(?=\*\*)/m)
        .slice(1)
        .map(readCommand),
    );
  }
  return versions;
}

function readCommand(block: string): RecordedCommand {
  const [head = "", ...lines] = block.trim().split("\n");
  const [, name, command, exit] = COMMAND.exec(head) ?? [];
  if (name === undefined || command === undefined) throw new Error(`not the head of a command: ${head}`);
  const requests = lines.flatMap(readRequest);
  return {
    name,
    words: command.split(" "),
    exit: exit === "null" ? undefined : Number(exit),
    requests: comparable(requests),
  };
}

/** A request without the `acc=` and `ct=` that kubectl chose; nothing for bodies, fences and empty lines. */
function readRequest(line: string): string[] {
  if (line.startsWith("(+ GET /apis/<group>/<version> ")) return [EVERY_GROUP_VERSION];
  const [, method, target, status] = /^([A-Z]+) (\S+) -> (\d+) /.exec(line) ?? [];
  return method === undefined ? [] : [`${method} ${normaliseTarget(target ?? "")} -> ${status}`];
}

/** The comparable form of what the proxy saw; `groupVersions` are the paths of all that the server serves. */
export function observedRequests(recorded: readonly RecordedRequest[], groupVersions: readonly string[]): string[] {
  const lines = recorded.map(
    ({ method, target, status }) => `${method} ${normaliseTarget(target)} -> ${status ?? "gone"}`,
  );
  const everyVersion = groupVersions.map((path) => `GET ${path} -> 200`);
  const asked = lines.filter((line) => everyVersion.includes(line));
  const complete = asked.length === everyVersion.length && new Set(asked).size === everyVersion.length;
  return comparable(complete ? [...lines.filter((line) => !asked.includes(line)), EVERY_GROUP_VERSION] : lines);
}

/** In the document's writing: short namespaces, no discovery timeout, letters for what differs from run to run. */
function normaliseTarget(target: string): string {
  const [path = "", query = ""] = target.split("?");
  const short = path.replace(/\/namespaces\/(default|metallb-system)(?=\/|$)/, "/ns/$1");
  const parameters = query.split("&").flatMap((parameter) => normaliseParameter(short, parameter));
  return parameters.length === 0 ? short : `${short}?${parameters.sort().join("&")}`;
}

function normaliseParameter(path: string, parameter: string): string[] {
  const [name = "", value = ""] = parameter.split("=");
  if (name === "" || (parameter === "timeout=32s" && isDocument(path))) return [];
  if (name === "hash") return ["hash=H"];
  if (name === "timeoutSeconds") return ["timeoutSeconds=N"];
  if (name === "resourceVersion" && value !== "0") return ["resourceVersion=N"];
  // kubectl builds field selectors from a Go map, so that their terms come in any order.
  if (name === "fieldSelector")
    return [
      `fieldSelector=${value
        .replace(/(?<=uid%3D)[-0-9a-f]{36}/, "UID")
        .split("%2C")
        .sort()
        .join("%2C")}`,
    ];
  return [parameter];
}

/** Discovery and OpenAPI: what kubectl caches. */
function isDocument(path: string): boolean {
  return path.startsWith("/openapi/") || path === "/version" || DISCOVERY.test(path);
}

const DISCOVERY = /^(\/api(\/v1)?|\/apis(\/[^/]+\/[^/]+)?)$/;

/** Neighbouring discovery requests are sent at the same time: they are compared in alphabetical order. */
function comparable(lines: readonly string[]): string[] {
  const isDiscovery = (line: string): boolean =>
    line === EVERY_GROUP_VERSION || DISCOVERY.test(line.split(" ")[1] ?? "");
  const result: string[] = [];
  let together: string[] = [];
  for (const line of lines) {
    if (isDiscovery(line)) together.push(line);
    else {
      result.push(...together.sort(), line);
      together = [];
    }
  }
  return [...result, ...together.sort()];
}

/**
 * How a run differs from the recording, one text per difference; empty when it reproduces it.
 * A 304 where the recording has 200 is right for OpenAPI: a real server's index changes its ETag without a reason
 * (1.36 and 1.32 got 200 and 304 at different commands). The other way round, a 200 for a 304 is a difference.
 * kubectl 1.32 waits with a list and then a watch, and ends when the list has what it waits for: whether it still sends
 * that watch, and stays until it is answered, is a race within kubectl.
 */
export function sequenceDifferences(
  expected: Pick<RecordedCommand, "exit" | "requests">,
  actual: Pick<RecordedCommand, "exit" | "requests">,
): string[] {
  const found = expected.exit === actual.exit ? [] : [`exit code ${actual.exit} instead of ${expected.exit}`];
  for (let i = 0; i < Math.max(expected.requests.length, actual.requests.length); i++) {
    const wanted = expected.requests[i] ?? "no request";
    const got = actual.requests[i] ?? "no request";
    const cached = wanted.startsWith("GET /openapi/") && got === wanted.replace(/200$/, "304");
    if (got !== wanted && !cached && !isAbandoned(expected.requests, i, got))
      found.push(`request ${i + 1}: ${got} instead of ${wanted}`);
  }
  return found;
}

/** Whether `got` is the watch after a list, which kubectl has not sent or not seen answered. */
function isAbandoned(expected: readonly string[], at: number, got: string): boolean {
  const wanted = expected[at] ?? "";
  const afterList = expected[at - 1]?.endsWith("&limit=500&resourceVersion=0 -> 200") === true;
  const unanswered = got === "no request" || got === wanted.replace(/200$/, "gone");
  return afterList && at === expected.length - 1 && wanted.includes("watch=true") && unanswered;
}
