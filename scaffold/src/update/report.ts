import type { State } from './plan.ts';

/** What is said about an update: the object of --json, and what the text is made from. */
export type UpdateReport = {
  dir: string;
  /** Generator version that the files were from, and the one they are from now. */
  from: string;
  to: string;
  /** False for a dry run and when there was nothing to do. */
  written: boolean;
  files: readonly { path: string; state: State; template?: string; notes: readonly string[] }[];
  /** Where the user has to decide; lines count from 1. */
  conflicts: readonly { path: string; line: number }[];
  /** Sentences about the whole. */
  notes: readonly string[];
  /** What to do next, each with its command. */
  next: readonly { does: string; run: string }[];
  /** All changes in the form that `git apply` takes, when asked for. */
  diff?: string;
  /** Why the real run would be refused, in a dry run. */
  refusal?: string;
};

/**
 * The report as text.
 * @param all also lists the files that stay as they are
 */
export function reportText(report: UpdateReport, all: boolean): string {
  const shown = report.files.filter(({ state, notes }) => all || !isQuiet(state) || notes.length > 0);
  const quiet = report.files.length - shown.length;
  const blocks = [
    report.notes.join('\n'),
    shown.map(fileText).join('\n'),
    quiet > 0 ? `${quiet} ${quiet === 1 ? 'file stays as it is' : 'files stay as they are'}.` : '',
    report.diff?.trimEnd() ?? '',
    conflictsText(report),
    report.refusal === undefined ? '' : `Without --dry-run this is refused:\n${report.refusal}`,
    report.next.length === 0
      ? ''
      : `Next:\n${report.next.map(({ does, run }) => `  # ${does}\n  ${run}`).join('\n')}`,
  ];
  return `${blocks.filter((block) => block !== '').join('\n\n')}\n`;
}

/** States that need no word when nothing was noted. */
function isQuiet(state: State): boolean {
  return state === 'unchanged' || state === 'deleted';
}

function fileText({ path, state, template, notes }: UpdateReport['files'][number]): string {
  const where = template === undefined ? '' : ` (in the template: ${template})`;
  const byUser = state === 'deleted';
  const word = byUser ? 'stays out' : state;
  const told = byUser && notes.length === 0 ? ['you deleted it'] : notes;
  return [`${word.padEnd(9)}  ${path}${where}`, ...told.map((note) => `           ${note}`)].join('\n');
}

function conflictsText({ conflicts, written }: UpdateReport): string {
  if (conflicts.length === 0) return '';
  const places = conflicts.map(({ path, line }) => `  ${path}:${line}`).join('\n');
  const count = conflicts.length === 1 ? '1 conflict' : `${conflicts.length} conflicts`;
  return written
    ? `${count} for you to decide: take what you want of both sides, and remove the marker lines.\n${places}`
    : `${count} would be left for you to decide:\n${places}`;
}
