import { hadolintRule } from './card.ts';
import { readFrom } from './from.ts';

export const dl3026 = hadolintRule({
  code: 'DL3026',
  severity: 'error',
  title: 'Images come from trusted registries',
  what: 'Finds FROM of a registry that the configuration does not trust. Without a list everything is trusted.',
  why: 'What is pulled from elsewhere has passed none of the checks that the own registry makes.',
  mend: 'Mirror the image into a trusted registry and name it there, or trust the registry.',
  check: ({ build, settings: { trustedRegistries: trusted } }) => {
    if (trusted === undefined || trusted.length === 0) return [];
    const aliases = new Set<string>();
    return build.dockerfile.instructions.flatMap((instruction) => {
      if (instruction.keyword !== 'from') return [];
      const { name, alias } = readFrom(instruction);
      const known = name === 'scratch' || aliases.has(name) || isTrusted(registryOf(name), trusted);
      if (alias !== undefined) aliases.add(alias);
      return known
        ? []
        : [{ line: instruction.startLine, message: `${name} comes from no trusted registry.` }];
    });
  },
});

/** Undefined where none is written: Docker Hub. */
function registryOf(name: string): string | undefined {
  const slash = name.indexOf('/');
  const first = slash < 0 ? '' : name.slice(0, slash);
  return first.includes('.') ? first : undefined;
}

function isTrusted(registry: string | undefined, trusted: readonly string[]): boolean {
  const names = registry === undefined ? ['docker.io', 'hub.docker.com'] : [registry];
  return trusted.some((pattern) => names.some((name) => matches(name, pattern)));
}

/** A star stands at one end of a pattern, or is all of it. */
function matches(name: string, pattern: string): boolean {
  if (pattern.startsWith('*')) return name.endsWith(pattern.slice(1));
  return pattern.endsWith('*') ? name.startsWith(pattern.slice(0, -1)) : name === pattern;
}
