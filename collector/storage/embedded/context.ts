import type { BudgetDeps } from './budget.ts';
import type { Catalog } from './catalog.ts';
import type { BlockReader } from './reader.ts';

/** What every query reads from: the state of the store when it began. */
export interface QueryContext {
  catalog: Catalog;
  reader: BlockReader;
  deps: BudgetDeps;
}
