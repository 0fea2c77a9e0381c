import { type RuleTargetName, ruleTargets } from '../../../alerts/index.ts';
import { type GrafanaForm, grafanaForms, type KubernetesOptions } from '../../../gitops/index.ts';
import { nearest } from '../../../slo/index.ts';
import { staysInside } from '../disk.ts';
import { failed, usage } from '../errors.ts';
import { manifestPath } from '../manifest.ts';

/** What is rendered beside rules and dashboards, and for whom. */
export type Choices = { target: RuleTargetName; kubernetes: KubernetesOptions | undefined };

/** One thing that is chosen by a flag of `slo render` and kept in the manifest under the flag's name. */
type Choice = {
  value: string;
  does: string;
  /** Says what is wrong with a value, as the end of a sentence, or nothing. */
  problem: (text: string) => string | undefined;
  /** Belongs to Kubernetes: without --kubernetes it says nothing. */
  ofKubernetes?: true;
  /** Taken back by the value `none`. */
  mayEnd?: true;
};

const maxLength = 500;

/** Every choice, in the order of the help. */
const choices = {
  target: {
    value: 'TARGET',
    does: `what evaluates the rules: ${Object.keys(ruleTargets).join(', ')} (default: prometheus)`,
    problem: (text) => oneOf(text, Object.keys(ruleTargets)),
  },
  namespace: {
    value: 'NAME',
    does: "namespace of the objects (default: the service's name)",
    ofKubernetes: true,
    problem: (text) =>
      /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/.test(text)
        ? undefined
        : 'is no namespace: it takes at most 63 lower-case letters, digits and "-"',
  },
  image: {
    value: 'IMAGE',
    does: 'image of the service, with its tag or digest (default: example.com/SERVICE:0.0.0)',
    ofKubernetes: true,
    problem: (text) =>
      /^[a-z0-9][\w.:/-]*(?::[\w][\w.-]{0,127}|@sha256:[0-9a-f]{64})$/.test(text)
        ? undefined
        : 'is no image with a tag or digest, like example.com/shop:1.4.2',
  },
  grafana: {
    value: 'FORM',
    does: `how dashboards reach Grafana: ${grafanaForms.join(' or ')} (default: configmap)`,
    ofKubernetes: true,
    problem: (text) => oneOf(text, grafanaForms),
  },
  repo: {
    value: 'URL',
    does: 'git repository for the Application of Argo CD, or none (default: none)',
    ofKubernetes: true,
    mayEnd: true,
    problem: repoProblem,
  },
  path: {
    value: 'DIR',
    does: 'folder in that repository: your overlay (default: ops/kubernetes)',
    ofKubernetes: true,
    problem: (text) =>
      staysInside(text) ? undefined : 'is no path inside the repository, like deploy/production',
  },
} as const satisfies Record<string, Choice>;

type ChoiceName = keyof typeof choices;
const names = Object.keys(choices) as ChoiceName[];

/** The flags of `slo render` that make the choices. */
export const choiceFlags = {
  kubernetes: { type: 'boolean', does: 'also render Kubernetes resources, and from then on' },
  'no-kubernetes': { type: 'boolean', does: 'not any more: unedited ones are removed' },
  ...(Object.fromEntries(names.map((name) => [name, flagOf(choices[name])])) as Record<
    ChoiceName,
    ReturnType<typeof flagOf>
  >),
} as const;

type ChoiceValues = Partial<Record<ChoiceName, string>> & {
  kubernetes?: boolean;
  'no-kubernetes'?: boolean;
};

/** What the manifest keeps: the choices that are not the defaults, by the names of their flags. */
export type KeptChoices = Readonly<Record<string, string>>;

/**
 * What is kept from now on: the flags over what was kept.
 * @throws CliError (exit code 2) that lists every flag that cannot be
 */
export function withFlags(kept: KeptChoices, values: ChoiceValues): KeptChoices {
  const off = values['no-kubernetes'] === true;
  const on = values.kubernetes === true || (kept.kubernetes !== undefined && !off);
  const given = names.filter((name) => values[name] !== undefined);
  const problems = given.flatMap((name) => problemsOf(name, values[name]!, on));
  if (off && values.kubernetes) problems.push('--kubernetes and --no-kubernetes contradict each other.');
  if (problems.length > 0) throw usage(problems.join('\n'));
  const stays = (name: string) => on || !isOfKubernetes(name);
  const all = { ...kept, ...(on ? { kubernetes: 'yes' } : {}) };
  for (const name of given) Object.assign(all, { [name]: values[name] });
  const isDefault = (name: string, value: string) =>
    (name === 'target' && value === 'prometheus') || (endsBy(name) && value === 'none');
  return Object.fromEntries(
    Object.entries(all).filter(([name, value]) => stays(name) && !isDefault(name, value)),
  );
}

/**
 * The kept choices as the renderers take them; what is absent is the default.
 * @throws CliError (exit code 1) where somebody wrote into the manifest what no flag allows
 */
export function readChoices(kept: KeptChoices, service: string): Choices {
  const unknown = Object.keys(kept).filter((name) => name !== 'kubernetes' && !Object.hasOwn(choices, name));
  const problems = [
    ...unknown.map((name) => `"${name}" is no flag of slo render that is kept.`),
    ...(['yes', undefined].includes(kept.kubernetes) ? [] : ['"kubernetes" is "yes", or not there.']),
    ...names.flatMap((name) => (kept[name] === undefined ? [] : problemsOf(name, kept[name], true))),
  ];
  if (problems.length > 0)
    throw failed(
      `answers.render in ${manifestPath} is not as it was written:\n${problems.map((problem) => `  ${problem}`).join('\n')}`,
    );
  const { target = 'prometheus', namespace = service, grafana = 'configmap', repo, path } = kept;
  const kubernetes: KubernetesOptions = {
    namespace,
    grafana: grafana as GrafanaForm,
    image: kept.image ?? `example.com/${service}:0.0.0`,
    ...(repo === undefined || repo === 'none' ? {} : { repo }),
    path: path ?? 'ops/kubernetes',
  };
  return {
    target: target as RuleTargetName,
    kubernetes: kept.kubernetes === undefined ? undefined : kubernetes,
  };
}

function flagOf({ value, does }: Choice) {
  return { type: 'string', value, does } as const;
}

function isOfKubernetes(name: string): boolean {
  if (name === 'kubernetes') return true;
  const choice: Choice | undefined = choices[name as ChoiceName];
  return choice?.ofKubernetes === true;
}

function endsBy(name: string): boolean {
  const choice: Choice | undefined = choices[name as ChoiceName];
  return choice?.mayEnd === true;
}

function problemsOf(name: ChoiceName, text: string, kubernetes: boolean): string[] {
  const choice: Choice = choices[name];
  if (choice.mayEnd && text === 'none') return [];
  if (choice.ofKubernetes && !kubernetes)
    return [`--${name} is about Kubernetes; give --kubernetes with it.`];
  const problem = text.length > maxLength ? `has more than ${maxLength} characters` : choice.problem(text);
  const shown = text.replace(/\/\/[^/@]*@/, '//…@').slice(0, 60);
  return problem === undefined ? [] : [`--${name} ${JSON.stringify(shown)} ${problem}.`];
}

function oneOf(text: string, known: readonly string[]): string | undefined {
  if (known.includes(text)) return undefined;
  const near = nearest(text, known);
  return `is none of ${known.join(', ')}${near === undefined ? '' : `; did you mean ${near}?`}`;
}

/** Secrets in the URL would be in the repository, for all to read. */
function repoProblem(text: string): string | undefined {
  if (/^[\w.-]+@[\w.-]+:[^\s:]\S*$/.test(text)) return undefined;
  const url = /^(?:https?|ssh):\/\/\S+$/.test(text) && URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined) return 'is no address of a git repository, like https://git.example.com/shop.git';
  const secret = url.protocol === 'ssh:' ? url.password : url.username + url.password;
  return secret === '' ? undefined : 'holds a user or a password; leave them out and let Argo CD keep them';
}
