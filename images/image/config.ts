import type { Fields } from './fields.ts';

/** What runs when a container starts, and what an engine is told about it. */
export type ImageConfig = {
  os: string;
  architecture: string;
  variant: string | undefined;
  /** As it is written, RFC 3339. */
  created: string | undefined;
  user: string;
  env: readonly string[];
  entrypoint: readonly string[];
  cmd: readonly string[];
  workingDir: string;
  labels: ReadonlyMap<string, string>;
  /** `8080/tcp`, in order of their numbers. */
  exposedPorts: readonly string[];
  /** The command of HEALTHCHECK; undefined without one, or where `NONE` switches it off. */
  healthcheck: readonly string[] | undefined;
  /** Digests of the layers unpacked, lowest first. */
  diffIds: readonly string[];
  history: readonly HistoryLine[];
};

/** One step of the build; an empty one made no layer. */
export type HistoryLine = { createdBy: string; comment: string; empty: boolean };

const maxLines = 10_000;

/** Reads a configuration; what is missing is empty. Source: https://github.com/opencontainers/image-spec/blob/v1.1.1/config.md */
export function readConfig(document: Fields): ImageConfig {
  const config = document.object('config');
  const test = config.object('Healthcheck').texts('Test');
  return {
    os: document.text('os') ?? '',
    architecture: document.text('architecture') ?? '',
    variant: document.text('variant') || undefined,
    created: document.text('created'),
    user: config.text('User') ?? '',
    env: config.texts('Env'),
    entrypoint: config.texts('Entrypoint'),
    cmd: config.texts('Cmd'),
    workingDir: config.text('WorkingDir') ?? '',
    labels: config.textsByKey('Labels'),
    exposedPorts: config.keys('ExposedPorts').sort((a, b) => Number.parseInt(a, 10) - Number.parseInt(b, 10)),
    healthcheck: test.length === 0 || test[0] === 'NONE' ? undefined : test,
    diffIds: document.object('rootfs').texts('diff_ids'),
    history: historyOf(document),
  };
}

function historyOf(document: Fields): HistoryLine[] {
  return document
    .objects('history')
    .slice(0, maxLines)
    .map((line) => ({
      createdBy: line.text('created_by') ?? '',
      comment: line.text('comment') ?? '',
      empty: line.flag('empty_layer'),
    }));
}
