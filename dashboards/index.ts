export { planCollectorDashboard } from './collector-dashboard.ts';
export { planFleetDashboard } from './fleet-dashboard.ts';
export { planDashboards } from './plan.ts';
export { clientNames } from './service-dashboard.ts';
