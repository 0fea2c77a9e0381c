export { planDashboards } from './plan.ts';
