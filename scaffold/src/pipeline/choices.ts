import { usage } from '../errors.ts';

/** Host with a dot, a port or its name `localhost`, then path components in lower case; no tag, no digest. */
const imageForm =
  /^(?:localhost|[a-z0-9-]+(?:\.[a-z0-9-]+)+|[a-z0-9-]+(?=:))(?::\d{1,5})?(?:\/[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*)+$/;

/**
 * The value of --image.
 * @throws CliError (exit code 2) when it is no name of an image with its registry, or has a tag
 */
export function readImage(text: string): string {
  if (imageForm.test(text) && text.length <= 255) return text;
  throw usage(
    `--image is REGISTRY/PATH in lower case and without a tag, such as registry.example.com/team/orders; ${JSON.stringify(text)} is not.`,
  );
}

const units: Readonly<Record<string, number>> = {
  '': 1,
  B: 1,
  kB: 1024,
  KB: 1024,
  KiB: 1024,
  MB: 1024 ** 2,
  MiB: 1024 ** 2,
  GB: 1024 ** 3,
  GiB: 1024 ** 3,
};

/**
 * The value of --budget in bytes; MB are 1,048,576 of them.
 * @throws CliError (exit code 2) when it is no size, or none that an image could have
 */
export function readBudget(text: string): number {
  const [, number, unit] = /^(\d+(?:\.\d+)?) ?([A-Za-z]*)$/.exec(text) ?? [];
  const bytes = Math.round(Number(number) * (units[unit ?? ''] ?? Number.NaN));
  if (bytes > 0 && Number.isSafeInteger(bytes)) return bytes;
  throw usage(`--budget is a size such as 80MB or 14300000; ${JSON.stringify(text)} is none.`);
}
