/** Secrets shorter than this would blacken ordinary words. */
const shortest = 4;

/** What takes secrets out of a text, as they are, URL-encoded and in base64, and credentials out of URLs. */
export function redactor(secrets: readonly string[]): (text: string) => string {
  const forms = secrets
    .filter((secret) => secret.length >= shortest)
    .flatMap((secret) => [secret, encodeURIComponent(secret), Buffer.from(secret).toString('base64')])
    .sort((a, b) => b.length - a.length);
  return (text) => {
    let clean = text
      .replace(/(\w+:\/\/)[^/\s@"']+@/g, '$1***@')
      .replace(/\b(Basic|Bearer) [\w.~+/=-]{4,}/g, '$1 ***');
    for (const form of forms) clean = clean.replaceAll(form, '***');
    return clean;
  };
}
