import { CollectorError } from '../../telemetry/errors.ts';
import { type ProfileLimits, tooLarge } from './limits.ts';
import type { ProfileMessage, RawProfile } from './messages.ts';
import type { Frame, Profile, ProfileSample } from './profile.ts';

/** Names are told in tables; longer ones (of generic functions) are cut. */
const MAX_NAME_LENGTH = 300;

type Places = ReadonlyMap<bigint, readonly Frame[]>;

/** Puts strings, functions and places where their numbers stand. Throws `bad-data` for a number that leads nowhere. */
export function resolveProfile(raw: RawProfile, limits: ProfileLimits): Profile {
  const textOf = textsOf(raw.strings);
  const sampleTypes = raw.sampleTypes.map(({ type, unit }) => ({ type: textOf(type), unit: textOf(unit) }));
  if (sampleTypes.length === 0)
    throw new CollectorError('bad-data', 'the body is no profile: it says of no value what it counts');
  const places = placesOf(raw, textOf, limits);
  let frames = 0;
  const samples = raw.samples.map((sample) => {
    const resolved = sampleOf(sample, sampleTypes.length, places, textOf);
    const depth = resolved.stack.reduce((sum, place) => sum + place.length, 0);
    if (depth > limits.depth) throw tooLarge(`${limits.depth} calls in one stack`);
    frames += depth;
    if (frames > limits.frames) throw tooLarge(`${limits.frames} calls in all stacks`);
    return resolved;
  });
  const { timeUnixNano, durationNano } = raw;
  return { sampleTypes, period: Number(raw.period), timeUnixNano, durationNano, samples };
}

function textsOf(strings: readonly string[]): (at: bigint | undefined) => string {
  return (at = 0n) => {
    const found = strings[Number(at)];
    if (found === undefined) throw missing('string', at);
    return found;
  };
}

function missing(what: string, id: bigint): CollectorError {
  return new CollectorError('bad-data', `the profile has no ${what} ${id}, which it refers to`);
}

function placesOf(
  raw: RawProfile,
  textOf: (at: bigint | undefined) => string,
  limits: ProfileLimits,
): Places {
  const functions = new Map(
    raw.functions.map(({ id = 0n, name, filename }) => [
      id,
      { name: textOf(name).slice(0, MAX_NAME_LENGTH), file: textOf(filename) },
    ]),
  );
  const frameOf = ({ functionId = 0n, line = 0n }: ProfileMessage<'Line'>): Frame => {
    const found = functions.get(functionId);
    if (!found) throw missing('function', functionId);
    return { ...found, line: Number(line) };
  };
  return new Map(
    raw.locations.map(({ id = 0n, address = 0n, line = [] }) => {
      if (line.length > limits.depth) throw tooLarge(`${limits.depth} calls at one place`);
      // A place that the writer had no symbols for is told by its address.
      const unnamed = { name: `0x${address.toString(16)}`, file: '', line: 0 };
      return [id, line.length === 0 ? [unnamed] : line.map(frameOf)];
    }),
  );
}

function sampleOf(
  { locationId = [], value = [], label = [] }: ProfileMessage<'Sample'>,
  valueCount: number,
  places: Places,
  textOf: (at: bigint | undefined) => string,
): ProfileSample {
  if (value.length !== valueCount)
    throw new CollectorError(
      'bad-data',
      `a sample of the profile has ${value.length} values, not ${valueCount}`,
    );
  const stack = locationId.map((id) => places.get(id) ?? fail(missing('location', id)));
  const labels = label.map(({ key, str = 0n, num = 0n, numUnit = 0n }): [string, string] => [
    textOf(key),
    str === 0n ? `${num}${numUnit === 0n ? '' : ` ${textOf(numUnit)}`}` : textOf(str),
  ]);
  return { stack, values: value.map(Number), labels: Object.fromEntries(labels) };
}

function fail(error: Error): never {
  throw error;
}
