import { Document, visit } from 'yaml';
import type { Service } from '../slo/index.ts';

/** A Kubernetes object as it is written. Its namespace is the kustomization's, so that one place decides it. */
export interface Resource {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: Metadata;
  readonly [part: string]: unknown;
}

interface Metadata {
  readonly name: string;
  readonly namespace?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
}

/**
 * Why Kubernetes would take no object of that name, as a sentence, or undefined: a name of a Service is a DNS label of at most
 * 63 characters. Source: https://kubernetes.io/docs/concepts/overview/working-with-objects/names/
 */
export function nameProblem(name: string): string | undefined {
  if (/^[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?$/.test(name)) return undefined;
  return `${JSON.stringify(name)} is no name for Kubernetes: it takes at most 63 lower-case letters, digits and "-", begins with a letter and does not end with "-"`;
}

/** The label by which the objects of a service find its pods; it never changes, a selector cannot. */
export function selectorLabels(service: Service): Readonly<Record<string, string>> {
  return { 'app.kubernetes.io/name': service.name };
}

/** Labels of every object. Source: https://kubernetes.io/docs/concepts/overview/working-with-objects/common-labels/ */
export function commonLabels(service: Service): Readonly<Record<string, string>> {
  return { ...selectorLabels(service), 'app.kubernetes.io/managed-by': 'go-sre' };
}

/** An object, or another document, as YAML under a line that says where it comes from. */
export function yamlText(content: unknown): string {
  const header =
    '# Code generated from slo.json; DO NOT EDIT. Change it by `go-sre slo render`, or patch it in an overlay.\n';
  // Kubernetes reads YAML 1.1, in which `on` and `no` are no texts.
  const document = new Document(content, { aliasDuplicateObjects: false, compat: 'yaml-1.1' });
  // In YAML 1.1 a lone `=` has a type of its own; Go takes it for text, not every reader does.
  visit(document, {
    Scalar: (_, node) => {
      if (node.value === '=') node.type = 'QUOTE_DOUBLE';
    },
  });
  return header + document.toString({ lineWidth: 0 });
}
