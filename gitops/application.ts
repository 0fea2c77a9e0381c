import type { Service } from '../slo/index.ts';
import { commonLabels, type Resource } from './resource.ts';

/**
 * Has Argo CD keep the cluster as the repository says. Applied on the server's side, because the other way writes each object
 * once more into an annotation, and those may have 256 KiB in all: rules and dashboards of a larger service are above it.
 * Source: https://argo-cd.readthedocs.io/en/stable/user-guide/sync-options/#server-side-apply
 */
export function application(
  service: Service,
  { repo, path, namespace }: { repo: string; path: string; namespace: string },
): Resource {
  return {
    apiVersion: 'argoproj.io/v1alpha1',
    kind: 'Application',
    metadata: { name: service.name, namespace: 'argocd', labels: commonLabels(service) },
    spec: {
      project: 'default',
      source: { repoURL: repo, path, targetRevision: 'HEAD' },
      destination: { server: 'https://kubernetes.default.svc', namespace },
      syncPolicy: {
        automated: { prune: true, selfHeal: true },
        syncOptions: ['CreateNamespace=true', 'ServerSideApply=true'],
      },
    },
  };
}
