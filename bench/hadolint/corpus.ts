// Cases for the question how far the gate agrees with hadolint: a rule, a Dockerfile, and whether it is flagged.

/** What the rules about registries and labels are told; without it neither flags anything. */
export type CaseConfig = {
  trustedRegistries?: string[];
  labelSchema?: Record<string, string>;
  strictLabels?: boolean;
};

export type Case = { rule: string; dockerfile: string; flagged: boolean; config?: CaseConfig };

/** Reads a corpus. @throws Error that names the file and every case that is none */
export function parseCorpus(text: string, name: string): Case[] {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new Error(`${name} is no JSON: ${error instanceof Error ? error.message : error}`);
  }
  if (!Array.isArray(value)) throw new Error(`${name}: a list of cases is expected`);
  const wrong = value.flatMap((one, at) => (isCase(one) ? [] : [at]));
  if (wrong.length > 0) {
    const shown = wrong.slice(0, 5).join(', ');
    throw new Error(
      `${name}: {"rule":"DL3006","dockerfile":"…","flagged":true} is expected, not what stands at ${shown}`,
    );
  }
  return value as Case[];
}

function isCase(value: unknown): value is Case {
  if (typeof value !== 'object' || value === null) return false;
  const { rule, dockerfile, flagged, config } = value as Record<string, unknown>;
  return (
    typeof rule === 'string' &&
    typeof dockerfile === 'string' &&
    typeof flagged === 'boolean' &&
    (config === undefined || (typeof config === 'object' && config !== null))
  );
}
