import type { BaseImages, ReleaseCycle } from '../../../data/base-images.ts';
import type { ImageReference } from '../../../dockerfile/reference.ts';
import { distrolessSuite, shortName } from './images.ts';

/** A release that an image's name or tag names. */
export type Release = { product: string; title: string; cycle: ReleaseCycle };

/** Images by the last part of their name, and the product whose version their tag begins with. */
const byName: ReadonlyMap<string, string> = new Map([
  ['alpine', 'alpine'],
  ['debian', 'debian'],
  ['ubuntu', 'ubuntu'],
  ['golang', 'go'],
  ['node', 'nodejs'],
  ['python', 'python'],
  ['rockylinux', 'rocky-linux'],
  ['rocky', 'rocky-linux'],
  ['almalinux', 'almalinux'],
  ['centos', 'centos'],
  ['fedora', 'fedora'],
  ['amazonlinux', 'amazon-linux'],
  ['nginx', 'nginx'],
  ['postgres', 'postgresql'],
  ['php', 'php'],
  ['ruby', 'ruby'],
]);

const titles: Readonly<Record<string, string>> = {
  alpine: 'Alpine',
  debian: 'Debian',
  ubuntu: 'Ubuntu',
  go: 'Go',
  nodejs: 'Node.js',
  python: 'Python',
  'rocky-linux': 'Rocky Linux',
  almalinux: 'AlmaLinux',
  centos: 'CentOS',
  fedora: 'Fedora',
  'amazon-linux': 'Amazon Linux',
  nginx: 'nginx',
  postgresql: 'PostgreSQL',
  php: 'PHP',
  ruby: 'Ruby',
};

/** Names of suites that are no common words, so that they mean the suite in the tag of any image. */
const unmistakable = new Set('stretch buster bullseye bookworm trixie xenial bionic focal jammy'.split(' '));
/** Nothing newer than what the data has ever comes of these, so `latest` is past its end too. */
const retired = new Set(['centos']);
const olderStable = ['stable', 'oldstable', 'oldoldstable'];

/** The product that an image is a release of, by endoflife.date's name; undefined: none of ours. */
function productOf(reference: ImageReference): string | undefined {
  const { registry, repository } = reference;
  const own = byName.get(shortName(reference));
  // Others' images on Docker Hub may be called `alpine` and have versions of their own.
  if (registry !== 'docker.io' || /^(?:library|amd64|arm64v8|bitnami|rockylinux|circleci)\//.test(repository))
    return own;
  return undefined;
}

/** `1.26.8` of `1.26.8-alpine3.23` or `centos7.9`; undefined where a tag does not begin with a version. */
function versionOf({ tag = '', repository }: ImageReference): string | undefined {
  const name = repository.slice(repository.lastIndexOf('/') + 1);
  const plain = tag.startsWith(name) ? tag.slice(name.length) : tag;
  return /^v?(\d+(?:\.\d+)*)/.exec(plain)?.[1];
}

/** Every release that is named: the product's own, and the distribution below it. */
export function releasesOf(reference: ImageReference, data: BaseImages): Release[] {
  const suite = distrolessSuite(reference);
  if (suite !== undefined) return release('debian', find(data, 'debian', suite));
  const product = productOf(reference);
  const own = product === undefined ? [] : release(product, ownCycle(reference, product, data));
  return [...own, ...suites(reference, product, data)].filter(
    (one, at, all) => all.findIndex(({ cycle }) => cycle === one.cycle) === at,
  );
}

/** The cycle of a version: the longest that the version is, or begins with. */
function find(data: BaseImages, product: string, version: string): ReleaseCycle | undefined {
  const matching = cyclesOf(data, product).filter(
    ({ cycle }) => version === cycle || version.startsWith(`${cycle}.`),
  );
  return matching.sort((a, b) => b.cycle.length - a.cycle.length)[0];
}

/** Whether regular support had ended before that day. */
export function hasEnded({ eol }: ReleaseCycle, today: string): boolean {
  return eol !== undefined && eol < today;
}

function cyclesOf(data: BaseImages, product: string): readonly ReleaseCycle[] {
  return Object.hasOwn(data.products, product) ? data.products[product]! : [];
}

function release(product: string, cycle: ReleaseCycle | undefined): Release[] {
  return cycle === undefined ? [] : [{ product, title: titles[product] ?? product, cycle }];
}

function ownCycle(reference: ImageReference, product: string, data: BaseImages): ReleaseCycle | undefined {
  const { tag } = reference;
  const cycles = cyclesOf(data, product);
  if (tag === undefined || tag === 'latest') {
    if (!retired.has(product) || reference.digest !== undefined) return undefined;
    return cycles.find(({ cycle }) => /^\d/.test(cycle));
  }
  const stable = product === 'debian' ? olderStable.indexOf(tag.split('-')[0]!) : -1;
  if (stable >= 0) return [...cycles].sort((a, b) => b.released.localeCompare(a.released))[stable];
  const version = versionOf(reference) ?? tag;
  const exact = find(data, product, version);
  if (exact !== undefined || !/^\d+$/.test(version)) return exact;
  // `python:2` is the newest 2, which says something only where nothing newer can come.
  const within = cycles.filter(({ cycle }) => cycle.startsWith(`${version}.`));
  return within.length > 0 && within.length < cycles.length && within.every(({ eol }) => eol !== undefined)
    ? within[0]
    : undefined;
}

/** Distributions that the parts of a tag name: `alpine3.19`, `bookworm`, `slim-bullseye`, and Node's `hydrogen`. */
function suites(reference: ImageReference, own: string | undefined, data: BaseImages): Release[] {
  return (reference.tag ?? '').split('-').flatMap((part) => {
    const alpine = /^alpine(\d+\.\d+)/.exec(part)?.[1];
    if (alpine !== undefined) return release('alpine', find(data, 'alpine', alpine));
    const products = own === undefined ? ['debian', 'ubuntu'] : [...new Set([own, 'debian', 'ubuntu'])];
    if (own === undefined && !unmistakable.has(part)) return [];
    return products.flatMap((product) =>
      release(
        product,
        cyclesOf(data, product).find(({ codename }) => codename === part),
      ),
    );
  });
}
