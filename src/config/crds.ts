import * as z from "zod";
import type { CrdDefinition, CrdVersion, PrinterColumn } from "./crd/definition.ts";
import { BFD_PROFILE } from "./crd/bfd-profile.ts";
import { BGP_ADVERTISEMENT } from "./crd/bgp-advertisement.ts";
import { BGP_PEER } from "./crd/bgp-peer.ts";
import { BGP_SESSION_STATE } from "./crd/bgp-session-state.ts";
import { COMMUNITY } from "./crd/community.ts";
import { CONFIGURATION_STATE } from "./crd/configuration-state.ts";
import { IP_ADDRESS_POOL } from "./crd/ip-address-pool.ts";
import { L2_ADVERTISEMENT } from "./crd/l2-advertisement.ts";
import { SERVICE_BGP_STATUS } from "./crd/service-bgp-status.ts";
import { SERVICE_L2_STATUS } from "./crd/service-l2-status.ts";

const DEFINITIONS: readonly CrdDefinition[] = [
  BFD_PROFILE,
  BGP_ADVERTISEMENT,
  BGP_PEER,
  BGP_SESSION_STATE,
  COMMUNITY,
  CONFIGURATION_STATE,
  IP_ADDRESS_POOL,
  L2_ADVERTISEMENT,
  SERVICE_BGP_STATUS,
  SERVICE_L2_STATUS,
];

/** A CustomResourceDefinition of apiextensions.k8s.io/v1, ready to be applied. */
export interface CustomResourceDefinition {
  readonly apiVersion: "apiextensions.k8s.io/v1";
  readonly kind: "CustomResourceDefinition";
  readonly metadata: { readonly name: string };
  readonly spec: {
    readonly group: string;
    readonly names: CrdNames;
    readonly scope: "Namespaced" | "Cluster";
    readonly versions: readonly CrdVersionManifest[];
    readonly conversion?: WebhookConversion;
  };
}

/** How the API server turns one version into another. The CA is not here: it is made while the controller runs. */
interface WebhookConversion {
  readonly strategy: "Webhook";
  readonly webhook: {
    readonly conversionReviewVersions: readonly string[];
    readonly clientConfig: {
      readonly service: { readonly name: string; readonly namespace: string; readonly path: string };
    };
  };
}

export interface CrdOptions {
  /**
   * Kinds with several versions are converted by the webhook of the controller in this namespace. Without it the API
   * server only relabels them, which for BGPPeer is right as well (see `docs/differences.md`).
   */
  readonly conversion?: { readonly namespace: string };
}

interface CrdNames {
  readonly kind: string;
  readonly listKind: string;
  readonly plural: string;
  readonly singular: string;
}

interface CrdVersionManifest {
  readonly name: string;
  readonly served: true;
  readonly storage: boolean;
  readonly deprecated?: true;
  readonly deprecationWarning?: string;
  readonly schema: { readonly openAPIV3Schema: StructuralSchema };
  readonly subresources: { readonly status: Readonly<Record<string, never>> };
  readonly additionalPrinterColumns?: readonly PrinterColumn[];
}

/** An OpenAPI v3 schema in Kubernetes' structural subset. */
type StructuralSchema = Readonly<Record<string, unknown>>;

/** The CRDs of all our kinds, generated from the schemas that also check objects at run time. */
export function customResourceDefinitions({ conversion }: CrdOptions = {}): readonly CustomResourceDefinition[] {
  return DEFINITIONS.map(({ resource, versions }) => ({
    apiVersion: "apiextensions.k8s.io/v1",
    kind: "CustomResourceDefinition",
    metadata: { name: `${resource.plural}.${resource.group}` },
    spec: {
      group: resource.group,
      names: {
        kind: resource.kind,
        listKind: `${resource.kind}List`,
        plural: resource.plural,
        singular: resource.kind.toLowerCase(),
      },
      scope: resource.namespaced ? "Namespaced" : "Cluster",
      versions: versions.map(versionManifest),
      ...(conversion === undefined || versions.length === 1 ? {} : { conversion: byWebhook(conversion.namespace) }),
    },
  }));
}

function byWebhook(namespace: string): WebhookConversion {
  const service = { name: "metallb-webhook-service", namespace, path: "/convert" };
  return { strategy: "Webhook", webhook: { conversionReviewVersions: ["v1", "v1beta1"], clientConfig: { service } } };
}

function versionManifest(version: CrdVersion): CrdVersionManifest {
  const { name, storage, deprecationWarning, columns } = version;
  return {
    name,
    served: true,
    storage,
    ...(deprecationWarning === undefined ? {} : { deprecated: true, deprecationWarning }),
    schema: { openAPIV3Schema: objectSchema(version) },
    subresources: { status: {} },
    ...(columns.length === 0 ? {} : { additionalPrinterColumns: columns }),
  };
}

function objectSchema({ description, spec, specRequired, status }: CrdVersion): StructuralSchema {
  return {
    description,
    type: "object",
    properties: {
      apiVersion: { type: "string", description: "The version of the API that this object is written in." },
      kind: { type: "string", description: "The kind of object this is." },
      metadata: { type: "object" },
      ...(spec === undefined ? {} : { spec: { description: "What is wanted.", ...structural(spec) } }),
      status: { description: "What is there.", ...structural(status) },
    },
    ...(specRequired === true ? { required: ["spec"] } : {}),
  };
}

/** JSON Schema as zod writes it, without what a structural schema may not contain. */
function structural(schema: z.ZodType): StructuralSchema {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, {
    io: "input",
    override: ({ jsonSchema }) => {
      delete jsonSchema.propertyNames;
      if (jsonSchema.pattern !== undefined) jsonSchema.pattern = jsonSchema.pattern.replaceAll("\\/", "/");
      if (jsonSchema.minimum === Number.MIN_SAFE_INTEGER) delete jsonSchema.minimum;
      if (jsonSchema.maximum === Number.MAX_SAFE_INTEGER) delete jsonSchema.maximum;
      if (jsonSchema.properties !== undefined && Object.keys(jsonSchema.properties).length === 0)
        delete jsonSchema.properties;
    },
  });
  return rest;
}
