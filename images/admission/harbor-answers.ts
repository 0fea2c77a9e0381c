import type { QuotaLimits } from './harbor-plan.ts';
import { at, isObject, stringAt } from './json.ts';

/** A project as /projects lists it; undefined where the entry is not of that form. */
export function readProject(entry: unknown): { id: number; name: string; cosign: boolean } | undefined {
  const [id, name] = [at(entry, 'project_id'), stringAt(entry, 'name')];
  if (!isId(id) || name === undefined) return undefined;
  return { id, name, cosign: stringAt(entry, 'metadata', 'enable_content_trust_cosign') === 'true' };
}

/** A quota as /quotas lists it, and the project it is of. */
export function readQuota(
  entry: unknown,
): { id: number; projectId: number; hard: QuotaLimits; used: QuotaLimits } | undefined {
  const [id, projectId] = [at(entry, 'id'), at(entry, 'ref', 'id')];
  if (!isId(id) || !isId(projectId)) return undefined;
  return { id, projectId, hard: readLimits(at(entry, 'hard')), used: readLimits(at(entry, 'used')) };
}

/** The quota of new projects as /configurations tells it. */
export function readNewProjects(configurations: unknown): number | undefined {
  const value = at(configurations, 'storage_per_project', 'value');
  return typeof value === 'number' ? value : undefined;
}

/** What Harbor says in an error: its own messages joined. */
export function readErrors(body: unknown): string {
  const errors = at(body, 'errors');
  if (!Array.isArray(errors)) return stringAt(body, 'message') ?? '';
  return errors.map((error) => stringAt(error, 'message') ?? stringAt(error, 'code') ?? '').join('; ');
}

function readLimits(value: unknown): QuotaLimits {
  if (!isObject(value)) return {};
  return Object.fromEntries(
    Object.entries(value).filter((pair): pair is [string, number] => typeof pair[1] === 'number'),
  );
}

function isId(value: unknown): value is number {
  return Number.isSafeInteger(value);
}
