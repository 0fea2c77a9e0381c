import { badName, type Cohorts, loadCohorts, weightedShare } from './cohort.ts';
import { finding, untested } from './finding.ts';
import { count, percent, pValue } from './format.ts';
import type { Evidence, Finding, FindingTable, Question } from './incident.ts';
import { benjaminiHochberg, fisherExact, riskDifference, wilson } from './stats.ts';
import { attributeTraits, callTraits, type Trait } from './traits.ts';

/** False discovery rate below which a difference counts. */
const Q_LIMIT = 0.01;
/** A smaller difference of shares explains too few requests to be of use, however sure it is. */
const LEAST_DIFFERENCE = 0.1;
/** Differences of shares closer than this are called equal: a call and the function around it differ by less. */
const NEARLY = 0.05;
/** Rows of the table: the different ones first, then some that are not, to show that they were looked at. */
const ROWS = 8;
const SAME_ROWS = 2;

interface Compared {
  trait: Trait;
  slow: { share: number; hits: number };
  before: { share: number; hits: number };
  difference: { difference: number; low: number; high: number };
  q: number;
  differs: boolean;
}

/**
 * What is true of slow requests that was not true of quiet ones: every attribute value and what every call did.
 * Shares count each stored request for as many as it stands for; tests count stored requests.
 */
export const difference: Evidence = async (question, store, deps) => {
  const { cohorts, missing } = await loadCohorts(question, store, deps);
  if (!cohorts) return [untested(question, 'difference', missing)];
  const compared = compare(cohorts);
  const head = compared.find((row) => row.differs && row.trait.call !== undefined);
  const other = compared.find((row) => row.differs && row.trait.call === undefined && row.before.hits > 0);
  return [told(question, cohorts, compared, head, other)];
};

function compare({ baseline, bad }: Cohorts): Compared[] {
  const [before, slow] = [baseline.requests, bad.requests];
  const traits = [...callTraits(before, slow), ...attributeTraits([...before, ...slow])];
  const rows = [...new Map(traits.map((trait) => [trait.name, trait])).values()].map((trait) => {
    const a = weightedShare(slow, trait.test);
    const b = weightedShare(before, trait.test);
    const p = Math.min(1, trait.tried * fisherExact(a.hits, slow.length, b.hits, before.length));
    return {
      trait,
      slow: a,
      before: b,
      difference: riskDifference(a.hits, slow.length, b.hits, before.length),
      p,
    };
  });
  const q = benjaminiHochberg(rows.map((row) => row.p));
  return rows
    .map((row, i) => ({
      ...row,
      q: q[i]!,
      differs: q[i]! < Q_LIMIT && row.difference.difference >= LEAST_DIFFERENCE,
    }))
    .sort(byStrength);
}

/** The larger lower bound of the difference first; of nearly equal ones what leaves the service, then what is slow. */
function byStrength(a: Compared, b: Compared): number {
  const strength = Math.round(b.difference.low / NEARLY) - Math.round(a.difference.low / NEARLY);
  const rank = ({ trait }: Compared) => Number(trait.leaf === true) * 2 + Number(trait.limitMs !== undefined);
  return (
    strength ||
    rank(b) - rank(a) ||
    b.difference.low - a.difference.low ||
    (a.trait.name < b.trait.name ? -1 : 1)
  );
}

function told(
  question: Question,
  cohorts: Cohorts,
  compared: readonly Compared[],
  head: Compared | undefined,
  other: Compared | undefined,
): Finding {
  const [before, slow] = [cohorts.baseline.requests, cohorts.bad.requests];
  const looked = `${count(compared.length)} attributes and calls compared`;
  const table = tableOf(compared, slow.length, before.length);
  const bad = badName(question);
  const facts = other ? { attribute: other.trait.name } : {};
  if (!head) {
    const shift = other ? ` ${sentence(other, bad, slow.length, before.length)}` : '';
    const statement = `No call separates ${bad} requests from quiet ones (${looked}; ${count(slow.length)} ${bad}, ${count(before.length)} before).${shift}`;
    return finding(question, { kind: 'difference', outcome: 'refuted', statement, facts, ...table });
  }
  const rest = compared.filter((row) => row.differs).length - 1;
  return finding(question, {
    kind: 'difference',
    outcome: 'holds',
    subject: {
      service: question.service,
      route: question.route,
      method: question.method,
      span: head.trait.call ?? '',
    },
    effect: head.difference.difference,
    baseline: { value: head.before.share, n: before.length },
    incident: { value: head.slow.share, n: slow.length },
    p: head.q,
    statement: `${sentence(head, bad, slow.length, before.length)} ${count(rest)} more differ; ${looked}.`,
    ...table,
    facts: {
      ...facts,
      trait: head.trait.name,
      says: head.trait.says,
      call: head.trait.call ?? '',
      limitMs: head.trait.limitMs ?? 0,
      share: head.slow.share,
      shareBefore: head.before.share,
      hits: head.slow.hits,
      n: slow.length,
      hitsBefore: head.before.hits,
      nBefore: before.length,
      traits: JSON.stringify(compared.filter((row) => row.differs).map((row) => row.trait.name)),
    },
  });
}

function sentence(row: Compared, bad: string, slow: number, before: number): string {
  const interval = wilson(row.slow.hits, slow);
  const range = `95 % interval ${(interval.low * 100).toFixed(1)}–${(interval.high * 100).toFixed(1)}`;
  return `${percent(row.slow.share)} of ${bad} traces (${count(row.slow.hits)} of ${count(slow)}; ${range}) ${row.trait.says}. Before: ${percent(row.before.share)} (${count(row.before.hits)} of ${count(before)}).`;
}

function tableOf(compared: readonly Compared[], slow: number, before: number): { table: FindingTable } {
  const differing = compared.filter((row) => row.differs).slice(0, ROWS - SAME_ROWS);
  const same = compared.filter((row) => !row.differs && row.slow.hits > 0).slice(0, ROWS - differing.length);
  return {
    table: {
      columns: [
        { title: 'Attribute', align: 'left' },
        { title: 'Slow', align: 'right' },
        { title: 'Before', align: 'right' },
        { title: 'Diff.', align: 'right' },
        { title: 'q', align: 'right' },
      ],
      rows: [...differing, ...same].map((row) => ({
        cells: [
          row.trait.name,
          percent(row.slow.share),
          percent(row.before.share),
          points(row.slow.share - row.before.share),
          pValue(row.q, '')
            .replace(/^ [=<]/, (text) => (text.includes('<') ? '<' : ''))
            .trim(),
        ],
        emphasis: row.differs,
      })),
      caption: `${count(slow)} slow or failed, ${count(before)} before. Fisher's exact test, q after Benjamini-Hochberg; ${count(compared.length)} compared.`,
    },
  };
}

function points(share: number): string {
  return `${share < 0 ? '−' : '+'}${Math.abs(share * 100).toFixed(1)} pt`;
}
