/** What a request wants to do to a resource, as authorization sees it. "" is none, or all where there is no one name. */
export interface ResourceAttributes {
  /** `get`, `list`, `watch`, `create`, `update`, `patch`, `delete`, `deletecollection`, `impersonate` … */
  readonly verb: string;
  /** "" is core. */
  readonly group: string;
  readonly version: string;
  readonly resource: string;
  readonly subresource: string;
  readonly namespace: string;
  readonly name: string;
}

/** What a request wants of a path that is no resource. */
export interface PathAttributes {
  /** The HTTP method in lower case. */
  readonly verb: string;
  readonly path: string;
}

export type Attributes = ResourceAttributes | PathAttributes;

export function isPath(attributes: Attributes): attributes is PathAttributes {
  return "path" in attributes;
}

/** `services`, or `services/status`: how rules and messages name what is asked for. */
export function resourceWithSubresource({
  resource,
  subresource,
}: Pick<ResourceAttributes, "resource" | "subresource">): string {
  return subresource === "" ? resource : `${resource}/${subresource}`;
}
