import type { ImageConfig } from './config.ts';
import { ImageError } from './problem.ts';

/** `linux/arm64/v8`. */
export function platformOf({
  os,
  architecture,
  variant,
}: Pick<ImageConfig, 'os' | 'architecture' | 'variant'>): string {
  return [os, architecture, ...(variant === undefined ? [] : [variant])].join('/');
}

/** Whether a platform is the one that is wanted; a variant may be left out. */
export function matches(platform: string, wanted: string): boolean {
  return platform === wanted || platform.startsWith(`${wanted}/`) || `${platform}/v8` === wanted;
}

/** @throws ImageError when something is wanted that none of the platforms is */
export function requirePlatform(wanted: string | undefined, platforms: readonly string[]): void {
  if (wanted === undefined || platforms.some((platform) => matches(platform, wanted))) return;
  throw new ImageError(
    `holds nothing for ${wanted}; there is ${platforms.join(', ')}, which --platform chooses`,
  );
}
