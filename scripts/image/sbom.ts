import { Enums, Models, Serialize, Spec } from "@cyclonedx/cyclonedx-library";
import type { BundledPackage } from "./bundled-packages.ts";
import type { DebianPackage } from "./shared-libraries.ts";

/** What is in the image. */
export interface Inventory {
  readonly version: string;
  readonly nodeVersion: string;
  /** Of the Node.js binary, in hexadecimal. */
  readonly nodeSha256: string;
  readonly npm: readonly BundledPackage[];
  readonly debian: readonly DebianPackage[];
  /** `12` for Debian 12. */
  readonly debianVersion: string;
}

/** A CycloneDX 1.6 document as JSON; the same inventory gives the same bytes. `time` is when it is said to be made. */
export function sbom(inventory: Inventory, time: Date): string {
  const product = component(Enums.ComponentType.Application, "metallb-ts", inventory.version, "Apache-2.0");
  const bom = new Models.Bom({ metadata: new Models.Metadata({ timestamp: time, component: product }) });
  const parts = [nodeComponent(inventory), ...inventory.npm.map(npmComponent), ...debianComponents(inventory)];
  for (const part of parts) {
    bom.components.add(part);
    product.dependencies.add(part.bomRef);
  }
  const serializer = new Serialize.JsonSerializer(new Serialize.JSON.Normalize.Factory(Spec.Spec1dot6));
  return `${serializer.serialize(bom, { sortLists: true, space: 2 })}\n`;
}

function component(type: Enums.ComponentType, name: string, version: string, license: string): Models.Component {
  const licenses = new Models.LicenseRepository([new Models.LicenseExpression(license)]);
  return new Models.Component(type, name, { version, licenses, bomRef: `${name}@${version}` });
}

/** With the CPE that vulnerabilities of Node.js are published under; those of what is built into it come with its releases. */
function nodeComponent({ nodeVersion, nodeSha256 }: Inventory): Models.Component {
  const node = component(Enums.ComponentType.Platform, "node", nodeVersion, "MIT");
  node.cpe = `cpe:2.3:a:nodejs:node.js:${nodeVersion}:*:*:*:*:*:*:*`;
  node.purl = `pkg:generic/node@${nodeVersion}`;
  node.hashes.set(Enums.HashAlgorithm["SHA-256"], nodeSha256);
  return node;
}

function npmComponent({ name, version, license, description }: BundledPackage): Models.Component {
  const part = component(Enums.ComponentType.Library, name, version, license);
  if (description !== "") part.description = description;
  part.purl = `pkg:npm/${name.replace("@", "%40")}@${version}`;
  return part;
}

function debianComponents({ debian, debianVersion }: Inventory): Models.Component[] {
  return debian.map(({ name, version, sourceName, sourceVersion, architecture, license }) => {
    const part = component(Enums.ComponentType.Library, name, version, license);
    const source = encodeURIComponent(`${sourceName}@${sourceVersion}`);
    const release = `debian-${debianVersion}`;
    part.purl = `pkg:deb/debian/${name.replaceAll("+", "%2B")}@${encodeURIComponent(version)}?arch=${architecture}&distro=${release}&upstream=${source}`;
    return part;
  });
}
