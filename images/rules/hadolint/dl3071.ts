import { cacheMountRule, called } from './cache-mount.ts';

export const dl3071 = cacheMountRule({
  code: 'DL3071',
  tool: 'Maven',
  downloads: called(['mvn', './mvnw', 'mvnw']),
  folders: ['.m2'],
  mount: '/root/.m2',
});
