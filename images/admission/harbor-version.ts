/** What a version of Harbor can do that others cannot. */
export type HarborAbilities = {
  /** Where its API begins: `/api/v2.0`, or `/api` before 2.0. */
  apiPath: string;
  /** Quotas on the number of artifacts: 1.9 and 1.10 only. */
  countQuota: boolean;
  /** The project setting that refuses to hand out what cosign has not signed: 2.5 and newer. */
  cosignPolicy: boolean;
};

/**
 * The abilities of `harbor_version` as /systeminfo tells it (`v2.12.2-73072d0d`); undefined where it is no version, or
 * one without quotas.
 * Sources: count quotas were dropped for 2.0, https://github.com/goharbor/harbor/pull/11445; cosign came with 2.5,
 * https://github.com/goharbor/harbor/releases/tag/v2.5.0; quotas with 1.9, https://github.com/goharbor/harbor/pull/8417
 */
export function harborAbilities(version: string): HarborAbilities | undefined {
  const [, major, minor] = /^v?(\d{1,4})\.(\d{1,4})(?:[.-]|$)/.exec(version) ?? [];
  if (major === undefined || minor === undefined) return undefined;
  const number = Number(major) * 10_000 + Number(minor);
  if (number < 10_009) return undefined;
  const old = number < 20_000;
  return { apiPath: old ? '/api' : '/api/v2.0', countQuota: old, cosignPolicy: number >= 20_005 };
}
