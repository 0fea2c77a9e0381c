import { renderJson } from './json.ts';
import type { RenderNotification } from './notification.ts';
import { renderSlack } from './slack.ts';

/** The bodies that a webhook can be sent. */
export const NOTIFY_FORMATS = {
  slack: renderSlack,
  json: renderJson,
} as const satisfies Record<string, RenderNotification>;

export type NotifyFormat = keyof typeof NOTIFY_FORMATS;

export const NOTIFY_FORMAT_NAMES = Object.keys(NOTIFY_FORMATS) as NotifyFormat[];
