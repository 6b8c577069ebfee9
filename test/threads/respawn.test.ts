import { describe, expect, it } from 'vitest';
import { withoutInspector } from '../../src/coordinator/threads/exec-argv.ts';
import { RespawnPolicy } from '../../src/coordinator/threads/respawn.ts';

const crash = { reason: 'threw', error: new Error('crash') } as const;
const failure = { reason: 'not-started', error: new Error('broken module') } as const;

function policy(): { now: number; policy: RespawnPolicy } {
  const clock = { now: 0, policy: undefined as unknown as RespawnPolicy };
  clock.policy = new RespawnPolicy(() => clock.now, {
    initialDelay: 20,
    maxDelay: 500,
    stableAfter: 400,
    maxStartFailures: 3,
    maxUnexplained: 10,
  });
  return clock;
}

describe('respawning', () => {
  it('backs off exponentially while threads crash as soon as they are ready', () => {
    const clock = policy();
    const delays = Array.from({ length: 8 }, () => {
      clock.policy.ready();
      clock.now += 5;
      const decision = clock.policy.ended(crash);
      return decision.action === 'respawn' ? decision.delay : -1;
    });
    expect(delays).toEqual([20, 40, 80, 160, 320, 400, 400, 400]);
  });

  it('starts over after a thread that ran stably', () => {
    const clock = policy();
    clock.policy.ready();
    clock.policy.ended(crash);
    clock.policy.ready();
    expect(clock.policy.ended(crash)).toMatchObject({ action: 'respawn', delay: 40 });
    clock.policy.ready();
    clock.now += 399;
    expect(clock.policy.ended(crash)).toMatchObject({ action: 'respawn', delay: 80 });
    clock.policy.ready();
    clock.now += 400;
    expect(clock.policy.ended(crash)).toMatchObject({ action: 'respawn', delay: 20 });
  });

  it('does not make the successor of a thread wait that was killed', () => {
    const { policy: respawn } = policy();
    respawn.ready();
    expect(respawn.ended({ reason: 'killed' })).toEqual({ action: 'respawn', delay: 0, inARow: 0 });
  });

  it('backs off while threads ask to be replaced as soon as they are ready', () => {
    const clock = policy();
    const lives = [0, 399, 0, 399, 0, 0, 400, 400, 0, 12_000, 0];
    const delays = lives.map((ms) => {
      clock.policy.ready();
      clock.now += ms;
      const decision = clock.policy.ended({ reason: 'returned' });
      return decision.action === 'respawn' ? decision.delay : -1;
    });
    expect(delays).toEqual([20, 40, 80, 160, 320, 400, 0, 0, 20, 0, 20]);
  });

  it('gives up after start failures in a row, with the last as the cause', () => {
    const { policy: respawn } = policy();
    expect(respawn.ended(failure)).toMatchObject({ action: 'respawn', delay: 20 });
    expect(respawn.ended(failure)).toMatchObject({ action: 'respawn', delay: 40 });
    const decision = respawn.ended(failure);
    expect(decision).toMatchObject({
      action: 'give-up',
      error: { code: 'ERR_POOL_FAILED', cause: failure.error },
    });
  });

  it('does not give up so soon when threads end before they are ready and say nothing', () => {
    const { policy: respawn } = policy();
    const silent = { ...failure, unexplained: true } as const;
    const ends = Array.from({ length: 10 }, () => respawn.ended(silent));
    expect(ends.map((end) => (end.action === 'respawn' ? end.delay : end.action))).toEqual([
      ...[20, 40, 80, 160, 320, 500, 500, 500, 500],
      'give-up',
    ]);
    expect(ends[9]).toMatchObject({ error: { code: 'ERR_POOL_FAILED', cause: failure.error } });
  });

  it('counts explained start failures apart from those', () => {
    const { policy: respawn } = policy();
    const silent = { ...failure, unexplained: true } as const;
    const actions = [silent, failure, silent, failure, silent, failure].map(
      (end) => respawn.ended(end).action,
    );
    expect(actions).toEqual([...new Array(5).fill('respawn'), 'give-up']);
  });

  it('counts start failures anew once a thread was ready', () => {
    const { policy: respawn } = policy();
    respawn.ended(failure);
    respawn.ended(failure);
    respawn.ready();
    respawn.ended(crash);
    expect(respawn.ended(failure).action).toBe('respawn');
    expect(respawn.ended(failure).action).toBe('respawn');
    expect(respawn.ended(failure).action).toBe('give-up');
  });
});

describe('options of a thread', () => {
  it('leave the debugger out', () => {
    const given = [
      '--no-warnings',
      '--inspect',
      '--inspect-brk=1',
      '--inspect-wait',
      '--inspect-port',
      '9',
      '--debug-port=8',
    ];
    expect(withoutInspector([...given, '--inspect-publish-uid=http', '--import', './x.js'])).toEqual([
      '--no-warnings',
      '--import',
      './x.js',
    ]);
  });
});
