import { command } from '../command.ts';
import { usage } from '../errors.ts';
import { serveConfig } from './serve-config.ts';
import { checkFlags, signerFlags } from './signer-flags.ts';

/** `go-sre registry serve`. */
export const registryServe = command({
  name: 'registry serve',
  summary:
    'Serves the webhooks that let only signed images in: Kubernetes admission, and the events of Harbor.',
  details: `
POST /validate answers AdmissionReview v1; POST /harbor takes Harbor's webhook and labels what is not signed; GET
/healthz, /readyz and /metrics tell how it goes. What cannot be judged is refused, unless --fail-open says otherwise.
Flags make one policy for --images, all other images are refused; a file makes as many as are needed. It ends on
SIGTERM when the requests under way are answered; SIGHUP reads the certificate and opens the audit log anew.`,
  flags: {
    config: { type: 'string', value: 'FILE', does: 'YAML with everything; no other flag stands beside it' },
    check: { type: 'boolean', does: 'only check the configuration' },
    images: {
      type: 'string',
      multiple: true,
      value: 'PATTERN',
      does: 'images that are verified, such as "ghcr.io/acme/**"',
    },
    ...signerFlags,
    ...checkFlags,
    listen: { type: 'string', value: 'HOST:PORT', does: 'where it listens (default: 0.0.0.0:8443)' },
    'tls-cert': { type: 'string', value: 'FILE', does: 'certificate with its chain; without it plain HTTP' },
    'tls-key': { type: 'string', value: 'FILE', does: 'its key' },
    audit: {
      type: 'string',
      value: 'FILE',
      does: 'a line of JSON for each verdict (default: standard output)',
    },
    'fail-open': { type: 'boolean', does: 'let in what cannot be judged, with a warning' },
  },
  run: async (values, positionals, deps) => {
    if (positionals.length > 0) throw usage(`registry serve takes flags only, ${positionals[0]} is none.`);
    const config = await serveConfig(values, deps);
    if (values.check) {
      deps.stdout.write(
        `${values.config ?? 'The command line'} is right; policies: ${config.policies.length}.\n`,
      );
      return 0;
    }
    // Fastify is loaded by nobody else.
    const { serve } = await import('./serve.ts');
    return serve(config, deps);
  },
});
