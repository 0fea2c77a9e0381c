import type { Service } from '../slo/index.ts';
import { collectorImage, configFile } from './collector.ts';
import { collectorConfigName } from './deployment.ts';
import type { KubernetesOptions, Workload } from './options.ts';

/**
 * The folder's list. The collector's configuration becomes a ConfigMap named after its content, so that a change of it starts
 * new pods.
 * @param files names of the folder's objects
 */
export function kustomization(
  service: Service,
  { namespace, image }: KubernetesOptions,
  files: readonly string[],
  workload: Workload | undefined,
) {
  const ofWorkload = workload && {
    configMapGenerator: [{ name: collectorConfigName(service), files: [configFile] }],
    images: [
      { name: service.name, ...imageParts(image) },
      { name: 'go-sre-collector', newName: collectorImage, newTag: workload.collectorVersion },
    ],
  };
  return {
    apiVersion: 'kustomize.config.k8s.io/v1beta1',
    kind: 'Kustomization',
    namespace,
    resources: [...files].sort(),
    ...ofWorkload,
  };
}

/** NAME:TAG or NAME@DIGEST, where NAME may hold the port of a registry. */
function imageParts(image: string): Record<string, string> {
  const [, newName, newTag, digest] = /^(.+?)(?::([^/:@]+)|@(.+))?$/.exec(image) ?? [];
  return {
    newName: newName ?? image,
    ...(newTag === undefined ? {} : { newTag }),
    ...(digest === undefined ? {} : { digest }),
  };
}
