// What the gate, and what hadolint, say of a case.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  checkBuild,
  parseDockerfile,
  type Rule,
  resolveStages,
  rules,
  shippedBaseImages,
} from '../../images/index.ts';
import { runCommand } from '../processes.ts';
import type { Case, CaseConfig } from './corpus.ts';

/** Rules that hadolint has and does not ask by default; a case about one of them asks it. */
const offByDefault = new Map(
  rules.flatMap(({ code, severity }) => (severity === 'off' ? [[code, 'info'] as const] : [])),
);

/** Whether the gate has a rule of this number. */
export function isKnown(code: string): boolean {
  return rules.some((rule: Rule) => rule.code === code);
}

/** Whether the gate, with all its rules, finds what the case is about. */
export function gateFlags({ rule, dockerfile, config = {} }: Case): boolean {
  const { trustedRegistries, labelSchema = {}, strictLabels = false } = config;
  const subject = {
    build: resolveStages(parseDockerfile(dockerfile)),
    context: undefined,
    baseImages: shippedBaseImages,
    today: shippedBaseImages.made,
    settings: { trustedRegistries, labelSchema: new Map(Object.entries(labelSchema)), strictLabels },
  };
  const { findings } = checkBuild(subject, rules, offByDefault, 'Dockerfile');
  return findings.some(({ code }) => code === rule);
}

/** Files that hadolint is given at once: the command line has an end. */
const atOnce = 400;

export type Peer = { path: string; folder: string; env: NodeJS.ProcessEnv; signal: AbortSignal };

/**
 * Whether hadolint finds what the cases are about, in their order; undefined where it cannot read the Dockerfile, or
 * fails on it.
 */
export async function hadolintFlags(cases: readonly Case[], peer: Peer): Promise<(boolean | undefined)[]> {
  const flagged: (boolean | undefined)[] = cases.map(() => undefined);
  const groups = Map.groupBy(cases.keys(), (at) => JSON.stringify(cases[at]!.config ?? {}));
  for (const [config, all] of groups) {
    const indices = [...all];
    for (let from = 0; from < indices.length; from += atOnce) {
      const part = indices.slice(from, from + atOnce);
      const found = await ask(
        part.map((at) => cases[at]!),
        JSON.parse(config),
        peer,
      );
      for (const [i, at] of part.entries()) flagged[at] = found[i];
    }
  }
  return flagged;
}

async function ask(cases: readonly Case[], config: CaseConfig, peer: Peer): Promise<(boolean | undefined)[]> {
  mkdirSync(peer.folder, { recursive: true });
  const files = cases.map((one, at) => {
    const file = join(peer.folder, `${at}.Dockerfile`);
    writeFileSync(file, one.dockerfile);
    return file;
  });
  const args = ['--no-fail', '--format', 'json', ...switchedOn, ...configFlags(config), ...files];
  const answer = await runCommand({ command: peer.path, args, env: peer.env, signal: peer.signal }).catch(
    (error: Error) => error,
  );
  if (answer instanceof Error) {
    peer.signal.throwIfAborted();
    // One file on which it fails ends the run for all.
    if (cases.length === 1) return [undefined];
    const half = cases.length >> 1;
    return [
      ...(await ask(cases.slice(0, half), config, peer)),
      ...(await ask(cases.slice(half), config, peer)),
    ];
  }
  const findings = JSON.parse(answer.stdout) as { file: string; code: string }[];
  return cases.map(({ rule }, at) => {
    const codes = findings.filter(({ file }) => file === files[at]).map(({ code }) => code);
    return codes.includes('DL1000') && rule !== 'DL1000' ? undefined : codes.includes(rule);
  });
}

/** Its own rules that it does not ask by default. */
const switchedOn = ['--info', 'DL1001', '--info', 'DL3057'];

function configFlags({ trustedRegistries = [], labelSchema = {}, strictLabels }: CaseConfig): string[] {
  return [
    ...trustedRegistries.flatMap((registry) => ['--trusted-registry', registry]),
    ...Object.entries(labelSchema).flatMap(([label, kind]) => ['--require-label', `${label}:${kind}`]),
    ...(strictLabels ? ['--strict-labels'] : []),
  ];
}
