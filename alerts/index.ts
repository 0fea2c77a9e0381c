export { planCollectorAlerts } from './collector.ts';
export { planAlerts } from './plan.ts';
