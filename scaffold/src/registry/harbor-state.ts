import {
  type HarborChange,
  type HarborProject,
  readNewProjects,
  readProject,
  readQuota,
} from '../../../images/index.ts';
import type { HarborClient } from './harbor-client.ts';

/**
 * The projects of a Harbor with their quotas.
 * @throws HarborError
 */
export async function readProjects(client: HarborClient): Promise<readonly HarborProject[]> {
  const projects = (await client.list('/projects'))
    .map(readProject)
    .filter((project) => project !== undefined);
  const quotas = (await client.list('/quotas', { reference: 'project' })).map(readQuota);
  const byProject = new Map(
    quotas.flatMap((quota) => (quota === undefined ? [] : [[quota.projectId, quota]])),
  );
  return projects.map((project) => ({ ...project, quota: byProject.get(project.id) }));
}

/**
 * The quota that new projects get, in bytes; undefined where Harbor does not tell it.
 * @throws HarborError
 */
export async function readNewProjectsQuota(client: HarborClient): Promise<number | undefined> {
  return readNewProjects((await client.request({ method: 'GET', path: '/configurations' })).body);
}

/**
 * Carries out one change of a plan.
 * @throws HarborError
 */
export async function applyChange(client: HarborClient, change: HarborChange): Promise<void> {
  if (change.kind === 'quota') {
    await client.request({ method: 'PUT', path: `/quotas/${change.quotaId}`, body: { hard: change.hard } });
  } else if (change.kind === 'cosign') {
    // A project's name may be a number, so it is told apart by its id.
    const metadata = { enable_content_trust_cosign: String(change.enabled) };
    await client.request({ method: 'PUT', path: `/projects/${change.projectId}`, body: { metadata } });
  } else {
    await client.request({
      method: 'PUT',
      path: '/configurations',
      body: { storage_per_project: change.storage },
    });
  }
}
