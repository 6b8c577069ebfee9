/** Served in weight order, with ageing, so that no level waits for ever. */
export type Priority = 'critical' | 'high' | 'normal' | 'low';
