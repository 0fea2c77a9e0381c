import { cacheMountRule, called } from './cache-mount.ts';

export const dl3076 = cacheMountRule({
  code: 'DL3076',
  tool: 'Mix',
  downloads: called(['mix'], ['deps.get', 'deps.compile', 'compile', 'local.hex']),
  folders: ['.hex', '.mix'],
  mount: '/root/.hex',
});
