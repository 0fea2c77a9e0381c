// Every format a receiver reads, each with its oracle.
import type { Property } from '../target.ts';
import { clientModel } from './client-model.ts';
import { expositionProperties } from './exposition.ts';
import { logLines } from './log-lines.ts';
import { otlpProperties } from './otlp.ts';
import { wrappedProperties } from './wrapped-lines.ts';

export const formatProperties = {
  ...otlpProperties,
  'log-lines': logLines,
  ...wrappedProperties,
  ...expositionProperties,
  'prometheus-protobuf': clientModel,
} satisfies Record<string, () => Property>;

export type FormatName = keyof typeof formatProperties;
