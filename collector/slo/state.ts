/** How an objective stands: who is called now, or why nobody could be. */
export type SloState = 'paging' | 'ticket' | 'ok' | 'too few requests' | 'not observed';
