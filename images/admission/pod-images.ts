import { at, isObject, type JsonObject, listAt } from './json.ts';

/** An image that an object would run, and the field that names it, such as `spec.containers[0].image`. */
export type PodImage = { image: string; path: string };

/** What cannot be read in an object. */
export type BadObject = { problem: string };

/** Where the pod's specification stands in each kind that runs pods, by `group/Kind`; the core group is empty. */
const podSpecs: Readonly<Record<string, readonly string[]>> = {
  '/Pod': ['spec'],
  '/PodTemplate': ['template', 'spec'],
  '/ReplicationController': ['spec', 'template', 'spec'],
  'apps/DaemonSet': ['spec', 'template', 'spec'],
  'apps/Deployment': ['spec', 'template', 'spec'],
  'apps/ReplicaSet': ['spec', 'template', 'spec'],
  'apps/StatefulSet': ['spec', 'template', 'spec'],
  'batch/CronJob': ['spec', 'jobTemplate', 'spec', 'template', 'spec'],
  'batch/Job': ['spec', 'template', 'spec'],
};

const containerLists = ['initContainers', 'containers', 'ephemeralContainers'] as const;

/** The kinds whose images are found, as `group/Kind`. */
export const podKinds: readonly string[] = Object.keys(podSpecs);

/**
 * The images that an object of Kubernetes would run: of its containers, init containers, ephemeral containers and image
 * volumes. A kind that is not known is a problem, not an object without images.
 */
export function podImages(group: string, kind: string, object: unknown): readonly PodImage[] | BadObject {
  const path = podSpecs[`${group}/${kind}`];
  if (path === undefined)
    return { problem: `${group === '' ? '' : `${group}/`}${kind} is no kind that is known to run pods` };
  const spec = at(object, ...path);
  // A ReplicationController without a template runs nothing.
  if (spec === undefined && kind === 'ReplicationController') return [];
  if (!isObject(spec)) return { problem: `${path.join('.')} of the ${kind} is missing` };
  return imagesOf(spec, path.join('.'));
}

function imagesOf(spec: JsonObject, path: string): readonly PodImage[] | BadObject {
  const found: PodImage[] = [];
  for (const list of containerLists) {
    const containers = spec[list] ?? [];
    if (!Array.isArray(containers)) return { problem: `${path}.${list} is no list` };
    for (const [index, container] of containers.entries()) {
      const image = at(container, 'image');
      const where = `${path}.${list}[${index}].image`;
      if (typeof image !== 'string' || image === '') return { problem: `${where} is missing` };
      found.push({ image, path: where });
    }
  }
  for (const [index, volume] of listAt(spec, 'volumes').entries()) {
    const source = at(volume, 'image');
    if (source === undefined || source === null) continue;
    const image = at(source, 'reference');
    const where = `${path}.volumes[${index}].image.reference`;
    if (typeof image !== 'string' || image === '') return { problem: `${where} is missing` };
    found.push({ image, path: where });
  }
  return found;
}
