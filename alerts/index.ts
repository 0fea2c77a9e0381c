export { planAlerts } from './plan.ts';
