import { cacheMountRule, called } from './cache-mount.ts';

export const dl3075 = cacheMountRule({
  code: 'DL3075',
  tool: 'pnpm',
  downloads: called(['pnpm'], ['install', 'i', 'add', 'fetch']),
  folders: ['pnpm/store'],
  mount: '/root/.local/share/pnpm/store',
});
