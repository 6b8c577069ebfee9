import { describe, expect, it } from 'vitest';
import { orderCheckOf } from '../../src/sync/deadlock/checks.ts';

describe('the check of the order of locks', () => {
  it.each([
    [{}, 'warn'],
    [{ NODE_ENV: 'development' }, 'warn'],
    [{ NODE_ENV: 'production' }, 'off'],
    [{ MILLRACE_SYNC_CHECKS: '0' }, 'off'],
    [{ NODE_ENV: 'production', MILLRACE_SYNC_CHECKS: '1' }, 'warn'],
    [{ NODE_ENV: 'production', MILLRACE_SYNC_CHECKS: 'throw' }, 'throw'],
  ])('with %o is %s', (env, check) => {
    expect(orderCheckOf(env)).toBe(check);
  });
});
