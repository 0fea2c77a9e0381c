import type { Finding } from '../finding.ts';
import type { Severity } from '../rules/rule.ts';
import { fingerprints } from './fingerprint.ts';
import type { RenderReport, ReportMeta, RuleCard } from './report.ts';

const levels: Readonly<Record<Severity, string>> = {
  error: 'error',
  warning: 'warning',
  info: 'note',
  style: 'note',
};

/** SARIF 2.1.0. Source: https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html */
export const renderSarif: RenderReport = (findings, meta) => {
  const codes = [...new Set(findings.map(({ code }) => code))].sort();
  const prints = fingerprints(findings, meta);
  const log = {
    $schema: 'https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json',
    version: '2.1.0',
    runs: [
      {
        tool: {
          driver: {
            name: 'go-sre check',
            semanticVersion: meta.version,
            rules: codes.map((code) => descriptor(code, meta.cards.get(code))),
          },
        },
        results: findings.map((finding, i) => result(finding, codes.indexOf(finding.code), prints[i]!)),
        invocations: [{ executionSuccessful: true, ...notifications(meta) }],
        columnKind: 'utf16CodeUnits',
      },
    ],
  };
  return `${JSON.stringify(log, null, 2)}\n`;
};

function notifications({ notes }: ReportMeta): object {
  if (notes.length === 0) return {};
  return { toolExecutionNotifications: notes.map((text) => ({ level: 'note', message: { text } })) };
}

function descriptor(code: string, card: RuleCard | undefined): object {
  if (card === undefined) return { id: code };
  return {
    id: code,
    shortDescription: { text: card.title },
    fullDescription: { text: `${card.what} ${card.why}` },
    help: { text: card.mend },
    helpUri: card.link,
    ...(card.severity !== 'off' && { defaultConfiguration: { level: levels[card.severity] } }),
  };
}

function result(finding: Finding, ruleIndex: number, fingerprint: string): object {
  const { code, severity, message, file, line, endLine } = finding;
  const region =
    line === undefined ? {} : { region: { startLine: line, ...(endLine !== undefined && { endLine }) } };
  return {
    ruleId: code,
    ruleIndex,
    level: levels[severity],
    message: { text: message },
    locations: [{ physicalLocation: { artifactLocation: { uri: asUri(file) }, ...region } }],
    partialFingerprints: { 'goSre/v1': fingerprint },
  };
}

/** A relative path, or the name of an image, as a URI reference: its first segment must not look like a scheme. */
function asUri(file: string): string {
  const path = file.split(/[\\/]/).map(encodeURIComponent).join('/');
  return path.replace(/^\//, 'file:///');
}
