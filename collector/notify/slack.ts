import { costText, lastingOf, subjectOf } from '../correlate/share/facts.ts';
import type { NotifyEvent, RenderNotification } from './notification.ts';

/** Slack cuts an attachment's text at some thousand characters, Mattermost folds it at 700. */
const MAX_TEXT = 1_500;
const MAX_TITLE = 300;
/** The console's colours: red for what fails, amber for what is looked at again, grey for what is over. */
const COLOURS: Record<NotifyEvent, string> = { opened: '#cf2e25', updated: '#a86a00', closed: '#858e98' };

/**
 * A message for an incoming webhook of Slack or Mattermost: `text` and one attachment, which both show. Slack reads it as plain
 * text; Mattermost, which knows no `mrkdwn`, may set a word between asterisks in another type.
 * Sources: https://api.slack.com/reference/messaging/attachments, https://developers.mattermost.com/integrate/slash-commands/slack/
 */
export const renderSlack: RenderNotification = ({ event, incident, link }) => {
  const { confidence, harm, tryFirst, budgetCost = [] } = incident;
  const headline = `Incident ${event}: ${plain(incident.title, MAX_TITLE)}`;
  const field = (title: string, text: string, short = false) =>
    text === '' ? [] : [{ title, value: plain(text, MAX_TEXT), short }];
  return {
    text: headline,
    mrkdwn: false,
    unfurl_links: false,
    unfurl_media: false,
    attachments: [
      {
        ...{ fallback: headline, color: COLOURS[event], mrkdwn_in: [] },
        title: plain(subjectOf(incident), MAX_TITLE),
        ...(link === '' ? {} : { title_link: link }),
        text: plain(incident.verdict, MAX_TEXT),
        fields: [
          ...field('When', lastingOf(incident), true),
          ...field(
            'Confidence',
            `${confidence.tier}, ${confidence.holds} of ${confidence.tested} links hold`,
            true,
          ),
          ...field('Harm', harm),
          ...budgetCost.slice(0, 3).flatMap((cost) => field('Budget', costText(cost))),
          ...field('Not known', incident.unknown),
          ...field('Try first', event === 'closed' ? '' : tryFirst),
        ],
        footer: `go-sre-collector, incident ${incident.id}`,
      },
    ],
  };
};

/**
 * Text that neither program takes for anything else: no mention, no link, no picture. The characters that both read as control
 * sequences are escaped; a zero-width space breaks the others. Source: https://docs.slack.dev/messaging/formatting-message-text
 */
function plain(text: string, limit: number): string {
  const line = text
    .toWellFormed()
    .replace(/[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]+/gu, ' ')
    .trim();
  const cut = line.length > limit ? `${line.slice(0, limit - 1).toWellFormed()}…` : line;
  return cut
    .replace(/@|\](?=[([])|:(?=\/\/)/g, '$&\u200b')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;');
}
