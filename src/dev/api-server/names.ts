/** Rules for names, with the messages of k8s.io/apimachinery/pkg/util/validation. Each returns what is wrong. */
export type NameRule = (name: string) => string[];

const LABEL = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/;
const SUBDOMAIN = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;
const QUALIFIED = /^([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]$/;

function tooLong(max: number): string {
  return `must be no more than ${max} characters`;
}

/** RFC 1123 label: Namespaces, Services. */
export const dnsLabel: NameRule = (name) => [
  ...(name.length > 63 ? [tooLong(63)] : []),
  ...(LABEL.test(name)
    ? []
    : [
        "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')",
      ]),
];

/** RFC 1123 subdomain: nearly everything else. */
export const dnsSubdomain: NameRule = (name) => [
  ...(name.length > 253 ? [tooLong(253)] : []),
  ...(SUBDOMAIN.test(name)
    ? []
    : [
        "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')",
      ]),
];

/** RBAC objects: anything that fits into one path segment. */
export const pathSegment: NameRule = (name) => {
  if (name === "." || name === "..") return [`may not be '${name}'`];
  return ["/", "%"].filter((c) => name.includes(c)).map((c) => `may not contain '${c}'`);
};

/** Keys of labels and annotations, load balancer classes: `prefix/name` or `name`. */
export const qualifiedKey: NameRule = (key) => {
  const parts = key.split("/");
  const name = parts.at(-1)!;
  const wrong: string[] = [];
  if (parts.length > 2) return [QUALIFIED_HELP];
  if (parts.length === 2) {
    if (parts[0] === "") wrong.push("prefix part must be non-empty");
    else wrong.push(...dnsSubdomain(parts[0]!).map((message) => `prefix part ${message}`));
  }
  if (name === "") wrong.push("name part must be non-empty");
  else if (name.length > 63) wrong.push(`name part ${tooLong(63)}`);
  if (!QUALIFIED.test(name)) wrong.push(`name part ${QUALIFIED_HELP.slice("a qualified name ".length)}`);
  return wrong;
};

const QUALIFIED_HELP =
  "a qualified name must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";

/** Label values may be empty. */
export const labelValue: NameRule = (value) => [
  ...(value.length > 63 ? [tooLong(63)] : []),
  ...(value === "" || QUALIFIED.test(value)
    ? []
    : [
        "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')",
      ]),
];

/** IANA service name (RFC 6335 §5.1): a named target port. */
export const portName: NameRule = (name) => [
  ...(name.length > 15 ? [tooLong(15)] : []),
  ...(/^[-a-z0-9]+$/.test(name) ? [] : ["must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)"]),
  ...(/[a-z]/.test(name) ? [] : ["must contain at least one letter (a-z)"]),
  ...(name.includes("--") ? ["must not contain consecutive hyphens"] : []),
  ...(/^-|-$/.test(name) ? ["must not begin or end with a hyphen"] : []),
];
