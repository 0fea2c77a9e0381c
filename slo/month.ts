/**
 * The month of the calendar in PromQL, in UTC. All are vectors without labels; they are told of a moment before now, because what
 * ends at midnight belongs to the day before.
 */
const justNow = 'vector(time() - 1)';

/** The number of the month, 1 to 12. */
export const monthNumber = `month(${justNow})`;

/** Hours of the month that have ended: at a full hour the one that ends there is among them. */
export const monthHoursEnded = `((day_of_month(${justNow}) - 1) * 24 + hour(${justNow}) + (time() % 3600 == bool 0))`;

/** All hours of the month. */
export const monthHours = `(days_in_month(${justNow}) * 24)`;
