/** A Go program from the module proxy. */
export interface RealModule {
  /** `module@version`. */
  module: string;
  /** Its main package, relative to the module: `.` or `./cmd/age`. */
  main: string;
  /** Build tags, comma-separated. */
  tags?: string;
  /** Its dependencies are copied into `vendor/` first: what the proxy serves comes without that folder. */
  vendor?: boolean;
  /** Another module, on which it depends, that is edited beside it: both stand in a workspace. */
  beside?: string;
  /** What makes it different from the others. */
  shows?: string;
}

/** Well-known programs, each of another kind. */
export const ownModules: readonly RealModule[] = [
  { module: 'github.com/rakyll/hey@v0.1.5', main: '.', shows: 'few dependencies, TLS' },
  { module: 'github.com/junegunn/fzf@v0.65.2', main: '.', shows: 'embedded files' },
  { module: 'github.com/evanw/esbuild@v0.28.2', main: './cmd/esbuild', shows: 'go 1.13' },
  { module: 'github.com/tsenart/vegeta/v12@v12.13.0', main: '.', shows: 'go 1.22, TLS' },
  { module: 'github.com/mikefarah/yq/v4@v4.54.3', main: '.', shows: 'go 1.26, time zones' },
  { module: 'mvdan.cc/sh/v3@v3.14.1', main: './cmd/shfmt', shows: 'several mains' },
  {
    module: 'filippo.io/age@v1.2.1',
    main: './cmd/age',
    beside: 'filippo.io/edwards25519@v1.1.1',
    shows: 'a workspace',
  },
  { module: 'github.com/benbjohnson/litestream@v0.3.13', main: './cmd/litestream', shows: 'CGO: SQLite' },
  {
    module: 'github.com/golang-migrate/migrate/v4@v4.20.1',
    main: './cmd/migrate',
    tags: 'sqlite3,file',
    shows: 'CGO by build tags',
  },
  { module: 'github.com/go-delve/delve@v1.27.2', main: './cmd/dlv', vendor: true, shows: 'vendor' },
  { module: 'github.com/prometheus/node_exporter@v1.12.1', main: '.', shows: 'a server, users by os/user' },
  {
    module: 'github.com/prometheus/alertmanager@v0.35.0',
    main: './cmd/amtool',
    shows: 'several mains, embeds',
  },
  { module: 'miniflux.app/v2@v2.3.5', main: '.', shows: 'a server, embeds, time zones, TLS' },
  { module: 'github.com/nats-io/nats-server/v2@v2.15.1', main: '.', shows: 'a server' },
  { module: 'github.com/caddyserver/caddy/v2@v2.11.9', main: './cmd/caddy', shows: 'a server, many modules' },
];

/**
 * Reads `module@version main-package` a line, the package relative or with the module's path; `#` begins a comment.
 * @throws Error that names the line
 */
export function parseModules(text: string): RealModule[] {
  const modules = text.split('\n').flatMap((line, at) => {
    const words = line.replace(/(^|\s)#.*/, '').trim();
    if (words === '') return [];
    const [module = '', main = '.', ...more] = words.split(/\s+/);
    if (!/^[^@\s-][^@\s]*@[^@\s]+$/.test(module) || more.length > 0) {
      throw new Error(`line ${at + 1}: \`module@version main-package\` is expected, not \`${words}\``);
    }
    return [{ module, main: relative(main, module.slice(0, module.indexOf('@')), at + 1) }];
  });
  if (modules.length === 0) throw new Error('no module in the list');
  return modules;
}

function relative(main: string, path: string, line: number): string {
  const inside = main === path ? '.' : main.startsWith(`${path}/`) ? main.slice(path.length + 1) : main;
  const clean = inside.replace(/^\.\//, '').replace(/\/+$/, '');
  if (clean === '' || clean === '.') return '.';
  if (/^[/-]|(^|\/)\.\.(\/|$)/.test(clean)) {
    throw new Error(`line ${line}: the package ${main} lies outside its module`);
  }
  return `./${clean}`;
}
