/**
 * Which checks run, decided once per thread from the environment.
 *
 * @module
 */

/** What happens when locks are taken in an order that can deadlock. */
export type OrderCheck = 'off' | 'warn' | 'throw';

/** `MILLRACE_SYNC_CHECKS` is `0`, `1` or `throw`; without it, `NODE_ENV=production` switches the check off. */
export function orderCheckOf(env: Readonly<Record<string, string | undefined>>): OrderCheck {
  const said = env['MILLRACE_SYNC_CHECKS'];
  if (said === 'throw') return 'throw';
  if (said === '0') return 'off';
  if (said === '1') return 'warn';
  return env['NODE_ENV'] === 'production' ? 'off' : 'warn';
}

export const ORDER_CHECK: OrderCheck = orderCheckOf(process.env);
