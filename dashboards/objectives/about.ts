import { decimal, type Service, type Tier, tiers } from '../../slo/index.ts';
import type { RowSpec } from '../model.ts';

/** Who answers, what to do, and what each tier asks for. */
export function about(service: Service): RowSpec {
  const lines = [
    `Owner: **${service.owner}**. Runbook: ${runbook(service.runbook)}. An objective may have its own of both.`,
    '',
    '| tier | calls by | burns faster than | over both | bad events, at least | measured, at least | source |',
    '|---|---|---|---|---|---|---|',
    ...tiers.map(tierLine),
    '',
    'Too few requests: a tier could not fire if all of them failed. Let several routes count together, probe the route, or widen the window.',
  ];
  return {
    id: 500,
    title: 'About',
    panels: [
      {
        kind: 'text',
        width: 24,
        height: 9,
        title: 'How to read it',
        description: 'Who answers for the objectives, and what the alerts ask for.',
        markdown: lines.join('\n'),
      },
    ],
  };
}

/** A runbook inside of the service's repository is a path, which no browser could open. */
function runbook(at: string): string {
  return /^https?:/.test(at) ? `<${at}>` : `\`${at}\``;
}

function tierLine(tier: Tier): string {
  const { id, severity, factor, longWindow, shortWindow, minBadLong, minBadShort, minCoverage, source } =
    tier;
  const cells = [
    id,
    severity,
    decimal(factor),
    `${longWindow} and ${shortWindow}`,
    `${minBadLong} and ${minBadShort}`,
    `${decimal(minCoverage * 100)} %`,
    `[why](${source})`,
  ];
  return `| ${cells.join(' | ')} |`;
}
