import type { ImageRule } from './rule.ts';

/** 80 MB as the budget has always been counted here: 80 × 1024 × 1024 bytes. */
export const defaultBudgetBytes = 83_886_080;

export const sizeBudget: ImageRule = {
  code: 'size-budget',
  severity: 'error',
  title: 'The image is within its size budget',
  what: "The image's size is at most the budget. Size is the content of the files in all layers, unpacked, as docker image inspect has it in Size.",
  why: 'A large image is pulled slowly just when a node is new and an instance is wanted at once, and most of it is what nobody needs there: a toolchain, a cache, a package manager.',
  mend: 'Build in one stage and copy only the binary into scratch or distroless; look at the layers above for what takes the room. --budget sets another bound.',
  link: 'https://docs.docker.com/build/building/multi-stage/',
  *check({ image, budgetBytes }) {
    if (image.size <= budgetBytes) return;
    yield `The image has ${toldNumber(image.size)} bytes, ${toldNumber(image.size - budgetBytes)} more than its budget of ${toldNumber(budgetBytes)}.`;
  },
};

/**
 * The share of an image from which on waste is told: dive's bound for `highest-user-wasted-percent`.
 * Source: https://github.com/wagoodman/dive/blob/main/cmd/dive/cli/internal/options/ci_rules.go
 */
const wastedShare = 0.1;

export const wastedBytes: ImageRule = {
  code: 'wasted-bytes',
  severity: 'warning',
  title: 'The layers carry nothing that cannot be used',
  what: 'Files that a later layer overwrites or removes, and further copies of the same content, are at most 10 % of the image.',
  why: 'A layer is never changed by the one above: what is removed there is still stored, sent and pulled each time.',
  mend: 'Remove files in the RUN that makes them, set owner and mode by COPY --chown and --chmod instead of a later RUN, copy a file once and link to it.',
  link: 'https://docs.docker.com/build/building/best-practices/',
  *check({ image: { wasted } }) {
    if (wasted.share <= wastedShare) return;
    const { overwritten, removed, duplicated } = wasted;
    const worst = worstOf(wasted);
    yield `${toldNumber(overwritten + removed + duplicated)} bytes, ${(wasted.share * 100).toFixed(0)} % of the image, are of no use: ${toldNumber(overwritten)} overwritten, ${toldNumber(removed)} removed, ${toldNumber(duplicated)} there twice.${worst === '' ? '' : ` The most: ${worst}.`}`;
  },
};

function worstOf({ hidden, copies }: Parameters<typeof wastedBytes.check>[0]['image']['wasted']): string {
  const waste = [
    ...hidden.slice(0, 3).map(({ file, how, layer }) => ({
      bytes: file.size,
      text: `/${file.path} of layer ${file.layer + 1}, ${how} in layer ${layer + 1} (${toldNumber(file.size)})`,
    })),
    ...copies.slice(0, 3).map(({ size, files }) => ({
      bytes: size * (files.length - 1),
      text: `${files
        .slice(0, 3)
        .map(({ path }) => `/${path}`)
        .join(' = ')} (${toldNumber(size)} each)`,
    })),
  ];
  return waste
    .sort((a, b) => b.bytes - a.bytes)
    .slice(0, 3)
    .map(({ text }) => text)
    .join('; ');
}

/** A count of bytes with its thousands apart. */
export function toldNumber(bytes: number): string {
  return String(Math.round(bytes)).replace(/\B(?=(?:\d{3})+$)/g, ',');
}
