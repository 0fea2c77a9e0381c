// slo.json -> our rules, and nothing else: the same work as Sloth's. `render` bundles it as the published commands are.
import { readFileSync, writeFileSync } from 'node:fs';
import { alertGroups, ruleTargets } from '../../alerts/index.ts';
import { renderYaml } from '../../alerts/yaml.ts';
import { parseSpec } from '../../slo/index.ts';

const [from, to] = process.argv.slice(2);
const spec = parseSpec(readFileSync(from!, 'utf8'));
if (!spec.ok) throw new Error(`${from} is not right`);
writeFileSync(to!, renderYaml({ groups: alertGroups(spec.service, ruleTargets.prometheus) }));
