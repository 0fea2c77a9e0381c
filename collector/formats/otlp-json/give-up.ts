/** Thrown where the fast way ends: the body is damaged, or so unusual that only the careful way reads it. */
export class GiveUp extends Error {}
