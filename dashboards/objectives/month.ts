/** A moment before now: midnight ends the day before, as in the rules. */
const justNow = 'vector(time() - 1)';

/** Minutes of this month of the calendar, in UTC, as a scalar of PromQL. */
export const monthMinutes = `scalar(days_in_month(${justNow}) * 1440)`;

/** The share of this month that is over, its running hour counted whole: above 0, at most 1. */
export const monthElapsed = `scalar(((day_of_month(${justNow}) - 1) * 24 + hour(${justNow}) + 1) / (days_in_month(${justNow}) * 24))`;
