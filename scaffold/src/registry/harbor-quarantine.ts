import { at, type HarborPush, stringAt } from '../../../images/index.ts';
import { type HarborClient, HarborError } from './harbor-client.ts';

/** An artifact in a project of Harbor. */
export type Artifact = Pick<HarborPush, 'project' | 'repository'> & {
  digest: string;
  tag: string | undefined;
};

/** What Harbor offers for what must not be used: it cannot refuse a push. */
export type Quarantine = {
  /** Puts the label on. @throws HarborError */
  label(artifact: Artifact): Promise<void>;
  /** Takes the label off where it is on. @throws HarborError */
  release(artifact: Artifact): Promise<void>;
  /** Deletes the tag; the artifact stays until Harbor collects it. @throws HarborError */
  deleteTag(artifact: Artifact): Promise<void>;
};

const red = '#C92100';

/** Quarantine by a label of the project, which is made where it is not there. */
export function createQuarantine(client: HarborClient, name: string): Quarantine {
  const find = async (project: string): Promise<{ projectId: number; labelId: number | undefined }> => {
    const path = `/projects/${encodeURIComponent(project)}`;
    // A project's name may be a number, which would be taken for an id.
    const { body } = await client.request({ method: 'GET', path, headers: { 'x-is-resource-name': 'true' } });
    const projectId = Number(at(body, 'project_id'));
    const labels = await client.list('/labels', { scope: 'p', project_id: String(projectId), name });
    const label = labels.find((one) => stringAt(one, 'name') === name);
    const labelId = at(label, 'id');
    return { projectId, labelId: typeof labelId === 'number' ? labelId : undefined };
  };
  const make = async (projectId: number) => {
    const body = {
      name,
      scope: 'p',
      project_id: projectId,
      color: red,
      description: 'Refused by the admission check.',
    };
    await tolerate(409, client.request({ method: 'POST', path: '/labels', body }));
  };
  return {
    async label(artifact) {
      let { projectId, labelId } = await find(artifact.project);
      if (labelId === undefined) {
        await make(projectId);
        ({ labelId } = await find(artifact.project));
      }
      if (labelId === undefined) throw new HarborError(200, `the label ${name} was made and is not listed`);
      await tolerate(
        409,
        client.request({ method: 'POST', path: `${pathOf(artifact)}/labels`, body: { id: labelId } }),
      );
    },
    async release(artifact) {
      const { labelId } = await find(artifact.project);
      if (labelId === undefined) return;
      await tolerate(
        404,
        client.request({ method: 'DELETE', path: `${pathOf(artifact)}/labels/${labelId}` }),
      );
    },
    async deleteTag(artifact) {
      if (artifact.tag === undefined) return;
      const path = `${pathOf(artifact)}/tags/${encodeURIComponent(artifact.tag)}`;
      await tolerate(404, client.request({ method: 'DELETE', path }));
    },
  };
}

/** Slashes of a repository are encoded twice: Harbor's API document asks for it. */
function pathOf({ project, repository, digest }: Artifact): string {
  const twice = encodeURIComponent(encodeURIComponent(repository));
  return `/projects/${encodeURIComponent(project)}/repositories/${twice}/artifacts/${encodeURIComponent(digest)}`;
}

/** What is so already is no failure. */
async function tolerate(status: number, request: Promise<unknown>): Promise<void> {
  try {
    await request;
  } catch (error) {
    if (!(error instanceof HarborError) || error.status !== status) throw error;
  }
}
