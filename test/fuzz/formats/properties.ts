// Every format a receiver reads, each with its oracle.
import type { Property } from '../target.ts';
import { expositionProperties } from './exposition.ts';
import { logLines } from './log-lines.ts';
import { otlpProperties } from './otlp.ts';

export const formatProperties = {
  ...otlpProperties,
  'log-lines': logLines,
  ...expositionProperties,
} satisfies Record<string, () => Property>;

export type FormatName = keyof typeof formatProperties;
