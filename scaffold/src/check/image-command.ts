import { resolve } from 'node:path';
import {
  ageInDays,
  type CveVerdict,
  checkImage,
  defaultBudgetBytes,
  type Finding,
  type Image,
  imageAsJson,
  imageRules,
  isAtLeast,
  isDay,
  judgeReports,
  OLD_AFTER_DAYS,
  type ReportFormat,
  type RuleCard,
  renderImageText,
  renderSpdx,
  reportFormats,
  rules,
  type Severity,
  severities,
  shippedBaseImages,
  verdictAsJson,
} from '../../../images/index.ts';
import { command, type GoSreDeps } from '../command.ts';
import { usage } from '../errors.ts';
import { listed } from '../flags.ts';
import { readReports, readWaivers } from '../image/cve-files.ts';
import { type ReadTarget, readTarget } from '../image/read-target.ts';
import { readBytes, readCount } from '../image/size-words.ts';
import { writeOneFile } from '../image/write-one.ts';
import { readGateConfig } from './config.ts';
import { reportFlags, reportFormat } from './output.ts';

const cards: ReadonlyMap<string, RuleCard> = new Map(imageRules.map((rule) => [rule.code, rule]));

/** `go-sre check image`. */
export const checkImageCommand = command({
  name: 'check image',
  takes: 'REF|TAR|OCI-DIR',
  summary:
    'Judges a built image: size, waste, what its binaries need, user, secrets, known holes; writes its SBOM.',
  details: `
  go-sre check image shop:1.0
  go-sre check image shop.tar --budget 20MB --sbom shop.spdx.json
  go-sre check image ./oci --cve trivy.json --max-critical 0 --max-high 5 --waivers waivers.yaml

A file is read as what docker save writes or as an OCI layout in a tar, packed or not; a folder as an OCI layout; any
other word is an image of the engine, which docker save writes to a temporary file. Nothing is pulled.
Size is the content of the files of all layers, as docker image inspect has it in Size. The reports of --cve are
JSON of trivy or grype, SARIF, or docker scout's sarif, gitlab or sbom. A waiver file is a list in YAML or JSON of
id, reason, expires (the last day that it counts) and, if need be, package.`,
  exits:
    'Exit codes: 0 no finding as grave as --fail-on, 1 findings or failed, 2 wrong usage, 130 cancelled.',
  flags: {
    budget: {
      type: 'string',
      value: 'SIZE',
      does: 'such as 83886080 (the default), 80MB (10^6 bytes) or 80MiB',
    },
    image: { type: 'string', value: 'NAME', does: 'which image of a tar or folder with several' },
    platform: {
      type: 'string',
      value: 'OS/ARCH',
      does: 'of several (default: linux/amd64, or the only one)',
    },
    sbom: { type: 'string', value: 'FILE', does: 'write what the image is made of, as SPDX 2.3 JSON' },
    cve: { type: 'string', value: 'FILE', multiple: true, does: "a scanner's report; may be repeated" },
    'max-critical': { type: 'string', value: 'N', does: 'known holes of that severity (default: 0)' },
    'max-high': { type: 'string', value: 'N', does: 'likewise (default: only counted)' },
    'max-medium': { type: 'string', value: 'N', does: 'likewise (default: only counted)' },
    'max-low': { type: 'string', value: 'N', does: 'likewise (default: only counted)' },
    waivers: { type: 'string', value: 'FILE', does: 'known holes that do not count until a day' },
    ...reportFlags,
    config: { type: 'string', value: 'FILE', does: 'as go-sre check (default: .go-sre-check.yaml here)' },
    ignore: { type: 'string', value: 'CODES', multiple: true, does: 'rules that are not asked' },
    'fail-on': { type: 'string', value: 'SEVERITY', does: 'error, warning (the default), info or style' },
    today: {
      type: 'string',
      value: 'DAY',
      does: 'the day of the verdict: waivers, ends of support (default: today)',
    },
  },
  run: async (values, positionals, deps) => {
    const target = oneTarget(positionals);
    const format = reportFormat(values);
    const budgetBytes = values.budget === undefined ? defaultBudgetBytes : readBytes(values.budget, 'budget');
    const config = await readConfig(values, deps);
    const today = values.today ?? new Date(deps.now()).toISOString().slice(0, 10);
    if (!isDay(today)) throw usage(`--today is a day like 2026-11-26, not ${JSON.stringify(today)}.`);
    const vulnerabilities = await readVerdict(values, today, deps);
    const read = await readTarget(target, { name: values.image, platform: values.platform }, deps);
    if (values.sbom !== undefined) {
      const sbom = renderSpdx(read.image, { version: deps.version, created: createdOf(read.image, deps) });
      await writeOneFile(values.sbom, sbom, deps);
    }
    const subject = {
      ...{ image: read.image, name: target, budgetBytes, vulnerabilities },
      ...{ baseImages: shippedBaseImages, today },
    };
    const findings = checkImage(subject, imageRules, config.severities);
    const { output: file } = values;
    const notes = ageNotes(today);
    await tell({ read, target, findings, budgetBytes, vulnerabilities, notes }, { format, file }, deps);
    return findings.some(({ severity }) => isAtLeast(severity, config.failOn)) ? 1 : 0;
  },
});

function oneTarget(positionals: readonly string[]): string {
  const [target, more] = positionals;
  if (target === undefined || target === '') {
    throw usage('The image is missing. Try: go-sre check image shop:1.0, or the name of a tar or a folder.');
  }
  if (target.startsWith('-')) throw usage(`${JSON.stringify(target)} is no image.`);
  if (more !== undefined) throw usage(`One image is judged at a time, ${JSON.stringify(more)} is more.`);
  return target;
}

type Words = {
  config?: string | undefined;
  ignore?: readonly string[] | undefined;
  'fail-on'?: string | undefined;
};

/** One file weighs the rules of Dockerfiles and those of images. */
async function readConfig(values: Words, deps: GoSreDeps) {
  const known = [...rules.map(({ code }) => code), ...cards.keys()];
  const file = values.config === undefined ? undefined : resolve(deps.cwd, values.config);
  const config = await readGateConfig(file, deps.cwd, known, deps.disk);
  const ignored = listed(values.ignore ?? []);
  const unknown = ignored.find((code) => !known.includes(code));
  if (unknown !== undefined) {
    throw usage(`--ignore ${unknown}: there is no such rule. There are ${[...cards.keys()].join(', ')}.`);
  }
  const off = ignored.map((code) => [code, 'off'] as const);
  const severity = severities.find((one) => one === values['fail-on']);
  if (values['fail-on'] !== undefined && severity === undefined) {
    throw usage(`--fail-on is one of ${severities.join(', ')}, not ${JSON.stringify(values['fail-on'])}.`);
  }
  return { severities: new Map([...config.severities, ...off]), failOn: severity ?? failOnOf(config.failOn) };
}

/** A configuration that names no threshold has the gravest of Dockerfiles; what an image tells in passing is weighed less. */
function failOnOf(configured: Severity): Severity {
  return configured === 'style' ? 'warning' : configured;
}

type CveWords = {
  cve?: readonly string[] | undefined;
  waivers?: string | undefined;
} & Partial<Record<`max-${'critical' | 'high' | 'medium' | 'low'}`, string | undefined>>;

async function readVerdict(
  values: CveWords,
  today: string,
  deps: GoSreDeps,
): Promise<CveVerdict | undefined> {
  const maxima = Object.fromEntries(
    (['critical', 'high', 'medium', 'low'] as const).flatMap((severity) => {
      const count = readCount(values[`max-${severity}`], `max-${severity}`);
      return count === undefined ? [] : [[severity, count]];
    }),
  );
  const waivers = await readWaivers(values.waivers, deps);
  if (values.cve === undefined) {
    const flag =
      values.waivers !== undefined ? 'waivers' : Object.keys(maxima).map((name) => `max-${name}`)[0];
    // Without a report nothing would be counted, and the gate would be open.
    if (flag !== undefined) throw usage(`--${flag} is about the reports of --cve, and none is given.`);
    return undefined;
  }
  const reports = await readReports(values.cve, 'cve', deps);
  return judgeReports(reports, { waivers, maxima: { critical: 0, ...maxima }, today });
}

/** SOURCE_DATE_EPOCH, or when the image was made. Source: https://reproducible-builds.org/specs/source-date-epoch/ */
function createdOf({ config }: Image, { env, now }: GoSreDeps): number {
  const epoch = env['SOURCE_DATE_EPOCH'];
  if (epoch !== undefined && /^\d{1,11}$/.test(epoch)) return Number(epoch) * 1000;
  const made = Date.parse(config.created ?? '');
  return Number.isNaN(made) || made < 0 ? now() : made;
}

function ageNotes(today: string): string[] {
  const age = ageInDays(shippedBaseImages, today);
  if (age <= OLD_AFTER_DAYS) return [];
  return [`the ends of support are as of ${shippedBaseImages.made}, ${age} days ago. Update go-sre.`];
}

type Told = {
  read: ReadTarget;
  target: string;
  findings: readonly Finding[];
  budgetBytes: number;
  vulnerabilities: CveVerdict | undefined;
  notes: readonly string[];
};

async function tell(
  { read: { image, origin }, target, findings, budgetBytes, vulnerabilities, notes }: Told,
  { format, file }: { format: ReportFormat; file: string | undefined },
  deps: GoSreDeps,
): Promise<void> {
  const meta = { version: deps.version, cards, sources: new Map(), checked: 1, ignored: 0, notes };
  const shown = renderImageText(image, { name: target, origin, budgetBytes, vulnerabilities });
  const text = shown + reportFormats.text(findings, meta);
  const json = () => {
    const cve = vulnerabilities === undefined ? null : verdictAsJson(vulnerabilities);
    const told = JSON.parse(reportFormats.json(findings, meta)) as object;
    return `${JSON.stringify({ image: imageAsJson(image, origin, budgetBytes), cve, ...told })}\n`;
  };
  const report =
    format === 'text' ? text : format === 'json' ? json() : reportFormats[format](findings, meta);
  if (file !== undefined) await writeOneFile(file, report, deps);
  deps.stdout.write(file === undefined ? report : text);
}
