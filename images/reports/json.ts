import type { RenderReport } from './report.ts';

/** One JSON object: the findings with what their rules say, and what could not be judged. */
export const renderJson: RenderReport = (findings, { cards, checked, ignored, notes }) => {
  const told = findings.map(({ fix, ...finding }) => {
    const card = cards.get(finding.code);
    return {
      ...finding,
      fixable: fix !== undefined,
      ...(card && { why: card.why, mend: card.mend, link: card.link }),
    };
  });
  return `${JSON.stringify({ findings: told, checked, ignored, notes })}\n`;
};
