import type { RenderNotification } from './notification.ts';

/** Changes when a reader of the message would have to. Additional keys are no change. */
const SCHEMA = 'go-sre.notification/v1';

/** For programs: the incident without its findings, which the API has. */
export const renderJson: RenderNotification = ({ event, incident, link }) => {
  return { schema: SCHEMA, event, link, incident };
};
