// Every format a receiver reads and every form a body is stored in, each with its oracle.
import type { Property } from '../target.ts';
import { clientModel } from './client-model.ts';
import { expositionProperties } from './exposition.ts';
import { logLines } from './log-lines.ts';
import { needles } from './needles.ts';
import { otlpProperties } from './otlp.ts';
import { storedProperties } from './stored.ts';
import { wrappedProperties } from './wrapped-lines.ts';

const everyFormat = {
  ...otlpProperties,
  'log-lines': logLines,
  ...wrappedProperties,
  ...expositionProperties,
  'prometheus-protobuf': clientModel,
  ...storedProperties(logLines()),
  needles,
} satisfies Record<string, () => Property>;

/** All of them in one, for a short run: the first byte of an input says which it is for. */
function short(): Property {
  const all = Object.values(everyFormat).map((make) => make());
  return {
    seeds: all.flatMap(({ seeds }, i) =>
      seeds.slice(0, 4).map((seed) => Buffer.concat([Buffer.of(i), seed])),
    ),
    tokens: all.flatMap(({ tokens = [] }) => tokens.slice(0, 10)),
    check: (input) => all[(input[0] ?? 0) % all.length]!.check(input.subarray(1)),
  };
}

export const formatProperties = { ...everyFormat, short };

export type FormatName = keyof typeof formatProperties;
