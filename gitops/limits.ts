/** What one object of a kind may measure, in bytes. What else is rendered is cut, or far below. */
const limits: Readonly<Record<string, number>> = {
  // Source: https://kubernetes.io/docs/concepts/configuration/configmap/
  ConfigMap: 1024 * 1024,
  // Any object: a request to etcd. Source: --max-request-bytes, https://etcd.io/docs/v3.5/dev-guide/limit/
  GrafanaDashboard: 1536 * 1024,
};

/** Within these an object says its kind. */
const headBytes = 500;

/**
 * Sentences about the objects that are too large for the cluster.
 * @param files path -> text, as `planGitOps` gives them
 */
export function oversized(files: ReadonlyMap<string, string>): string[] {
  return [...files].flatMap(([path, text]) => {
    const kind = /^kind: (\w+)$/m.exec(text.slice(0, headBytes))?.[1] ?? '';
    const limit = limits[kind];
    if (limit === undefined) return [];
    const bytes = new TextEncoder().encode(text).length;
    if (bytes <= limit) return [];
    const sizes = `${Math.ceil(bytes / 1024)} KiB, and a ${kind} has at most ${limit / 1024}`;
    return [
      `${path} has ${sizes}: the cluster refuses it. Group routes into fewer objectives, or split the service.`,
    ];
  });
}
