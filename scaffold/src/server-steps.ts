/** One thing to do next, and the command that does it. */
export type Step = { does: string; run: string };

/** What the service is told of the database of compose.yaml, with a space behind; empty without PostgreSQL. */
export function databaseWords(options: readonly string[], name: string): string {
  return options.includes('postgres')
    ? `DATABASE_URL=postgres://${name}:${name}@localhost:5432/${name} `
    : '';
}

/**
 * The steps that start what the options talk to.
 * @param goRun the words that start the service
 */
export function serverSteps(options: readonly string[], name: string, goRun: string): Step[] {
  const redis = {
    does: 'Redis in a container; without it /api/v2/verify answers 503',
    run: 'docker compose up -d --wait redis',
  };
  const postgres = {
    does: 'PostgreSQL in a container, and its tables; without it /products answers 503',
    run: `docker compose up -d --wait postgres && ${databaseWords(options, name)}${goRun} migrate`,
  };
  return [...(options.includes('redis') ? [redis] : []), ...(options.includes('postgres') ? [postgres] : [])];
}
