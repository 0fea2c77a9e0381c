import { renderGithub } from './github.ts';
import { renderGitlab } from './gitlab.ts';
import { renderJson } from './json.ts';
import type { RenderReport } from './report.ts';
import { renderSarif } from './sarif.ts';
import { renderText } from './text.ts';

/** Every form that findings are told in, by its name on the command line. */
export const reportFormats = {
  text: renderText,
  json: renderJson,
  sarif: renderSarif,
  gitlab: renderGitlab,
  github: renderGithub,
} as const satisfies Record<string, RenderReport>;

export type ReportFormat = keyof typeof reportFormats;
