import { setTimeout as delay } from 'node:timers/promises';
import {
  type HarborChange,
  type HarborProject,
  parseBytes,
  planHarbor,
  type QuotaWish,
} from '../../../images/index.ts';
import { command } from '../command.ts';
import { failed, usage } from '../errors.ts';
import { harborCredentials } from './credentials.ts';
import { type HarborClient, HarborError } from './harbor-client.ts';
import { connectHarbor, type Harbor, harborUrl } from './harbor-connect.ts';
import { applyChange, readNewProjectsQuota, readProjects } from './harbor-state.ts';
import { type QuotaRow, renderQuotaTable } from './quota-report.ts';

/** `go-sre registry harbor-quota`. */
export const registryHarborQuota = command({
  name: 'registry harbor-quota',
  summary:
    "Plans, and with --apply sets, the quotas of Harbor's projects and whether they hand out unsigned images.",
  details: `
Without --apply nothing is changed. Credentials come from HARBOR_USERNAME and HARBOR_PASSWORD (a robot account does),
HARBOR_TOKEN, or a file; a CA of your own from NODE_EXTRA_CA_CERTS. A run that was cut short is finished by the next.`,
  flags: {
    url: { type: 'string', value: 'URL', does: "Harbor's address, such as https://harbor.example.com" },
    project: {
      type: 'string',
      multiple: true,
      value: 'NAME',
      does: 'only this project, repeatable (default: all)',
    },
    storage: {
      type: 'string',
      value: 'SIZE',
      does: 'storage of each project, or "unlimited" (default: 10GiB)',
    },
    count: { type: 'string', value: 'N', does: 'artifacts of each project, Harbor 1.9 and 1.10 only' },
    'cosign-pull-policy': {
      type: 'string',
      value: 'on|off',
      does: 'whether only images signed by cosign can be pulled',
    },
    default: { type: 'boolean', does: 'also what projects get that are made later' },
    'allow-below-usage': {
      type: 'boolean',
      does: 'also limits below what is stored: nothing can be pushed then',
    },
    credentials: { type: 'string', value: 'FILE', does: 'username=… and password=…, or JSON' },
    'allow-http': { type: 'boolean', does: 'send credentials over plain HTTP' },
    apply: { type: 'boolean', does: 'change what the plan says' },
    json: { type: 'boolean', does: 'print one JSON object' },
  },
  run: async (values, positionals, deps) => {
    if (positionals.length > 0)
      throw usage(`registry harbor-quota takes flags only, ${positionals[0]} is none.`);
    if (values.url === undefined) throw usage("--url is missing: Harbor's address.");
    const url = harborUrl(values.url, values['allow-http'] ?? false);
    const wish = readWish(values);
    const signal = deps.signal;
    const credentials = await harborCredentials(values.credentials, deps);
    const wait = async (ms: number) => void (await delay(ms, undefined, { signal }).catch(() => undefined));
    const harbor = await connectHarbor(url, { fetch: deps.fetch, credentials, wait, signal });
    refuseUnable(harbor, wish);
    const plan = await asCliError(async () => {
      const projects = choose(await readProjects(harbor.client), values.project);
      const now = wish.newProjects === undefined ? undefined : await readNewProjectsQuota(harbor.client);
      return planHarbor(projects, now, wish);
    });
    const rows = values.apply
      ? await applyAll(harbor.client, plan.changes, signal)
      : plan.changes.map(planned);
    const { unchanged, refused } = plan;
    const report = { url, version: harbor.version, applied: values.apply ?? false, unchanged, refused, rows };
    deps.stdout.write(values.json ? `${JSON.stringify(report)}\n` : renderQuotaTable(report));
    if (signal.aborted) return 130;
    if (rows.some(({ state }) => state === 'failed' || state === 'not tried')) return 1;
    return refused.length > 0 ? 3 : 0;
  },
});

const planned = (change: HarborChange): QuotaRow => ({ ...change, state: 'planned', why: '' });

type WishFlags = {
  storage?: string | undefined;
  count?: string | undefined;
  'cosign-pull-policy'?: string | undefined;
  default?: boolean | undefined;
  'allow-below-usage'?: boolean | undefined;
};

/** 10,737,418,240 bytes. */
const defaultStorage = '10GiB';

function readWish(values: WishFlags): QuotaWish {
  const storage = limit(values.storage ?? defaultStorage, '--storage', '10GiB', parseBytes);
  const whole = (text: string) => (/^\d{1,15}$/.test(text) ? Number(text) : undefined);
  return {
    storage,
    count: values.count === undefined ? undefined : limit(values.count, '--count', '1000', whole),
    cosign: onOff(values['cosign-pull-policy']),
    newProjects: values.default ? storage : undefined,
    allowBelowUsage: values['allow-below-usage'] ?? false,
  };
}

function limit(
  text: string,
  flag: string,
  example: string,
  parse: (text: string) => number | undefined,
): number {
  if (text === 'unlimited') return -1;
  const value = parse(text);
  if (value !== undefined && value > 0) return value;
  throw usage(
    `${flag} must be more than nothing, such as ${example}, or unlimited, not ${JSON.stringify(text)}.`,
  );
}

function onOff(text: string | undefined): boolean | undefined {
  if (text === undefined) return undefined;
  if (text === 'on' || text === 'off') return text === 'on';
  throw usage(`--cosign-pull-policy must be on or off, not ${JSON.stringify(text)}.`);
}

function refuseUnable({ version, abilities }: Harbor, { count, cosign }: QuotaWish): void {
  if (count !== undefined && !abilities.countQuota) {
    throw failed(
      `Harbor ${version} has no quota on the number of artifacts (only 1.9 and 1.10 had): leave --count out.`,
    );
  }
  if (cosign !== undefined && !abilities.cosignPolicy) {
    throw failed(
      `Harbor ${version} does not know cosign, which came with 2.5: leave --cosign-pull-policy out.`,
    );
  }
}

function choose(
  projects: readonly HarborProject[],
  names: readonly string[] | undefined,
): readonly HarborProject[] {
  if (names === undefined) return projects;
  const missing = names.filter((name) => !projects.some((project) => project.name === name));
  if (missing.length > 0) throw failed(`Harbor shows this account no project ${missing.join(', ')}.`);
  return projects.filter(({ name }) => names.includes(name));
}

/** One change after the other; what cannot be changed is told, and the rest is still tried where that makes sense. */
async function applyAll(
  client: HarborClient,
  changes: readonly HarborChange[],
  signal: AbortSignal,
): Promise<readonly QuotaRow[]> {
  const rows: QuotaRow[] = [];
  let stopped = '';
  for (const change of changes) {
    if (signal.aborted && stopped === '') stopped = 'cancelled';
    if (stopped !== '') {
      rows.push({ ...change, state: 'not tried', why: stopped });
      continue;
    }
    try {
      await applyChange(client, change);
      rows.push({ ...change, state: 'applied', why: '' });
    } catch (error) {
      if (!(error instanceof HarborError)) throw error;
      rows.push({ ...change, state: 'failed', why: error.message });
      if (error.hopeless) stopped = 'the one before it failed';
    }
  }
  return rows;
}

async function asCliError<T>(step: () => Promise<T>): Promise<T> {
  try {
    return await step();
  } catch (error) {
    if (error instanceof HarborError) throw failed(`${error.message}. Nothing was changed.`);
    throw error;
  }
}
