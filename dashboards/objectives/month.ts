import { monthHours, monthHoursEnded } from '../../slo/index.ts';

/** Minutes of this month of the calendar, in UTC, as a scalar of PromQL. */
export const monthMinutes = `scalar(${monthHours} * 60)`;

/** The share of this month that is over, by its full hours, as the rules count them, and one at least: above 0, at most 1. */
export const monthElapsed = `scalar(clamp_min(${monthHoursEnded}, 1) / ${monthHours})`;
