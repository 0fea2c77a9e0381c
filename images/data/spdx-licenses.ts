import identifiers from './spdx-licenses.json' with { type: 'json' };

/**
 * Identifiers of licences that are not deprecated.
 * Source: https://spdx.org/licenses/, by npm's package spdx-license-ids 3.0.24 (CC0-1.0)
 */
const known: ReadonlySet<string> = new Set(identifiers);

/** Whether a text is the identifier of one licence on the SPDX list, letters as they stand there. */
export function isLicense(text: string): boolean {
  return known.has(text);
}
