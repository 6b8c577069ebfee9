import { describe, expect, it } from 'vitest';
import { EventLoopWatch } from '../../workers/pace.ts';

describe('EventLoopWatch', () => {
  it('is busy while more is active than the runtime itself needs', () => {
    let active = 3;
    const watch = new EventLoopWatch(3, () => active);
    expect(watch.busy()).toBe(false);
    active = 4;
    expect(watch.busy()).toBe(true);
    active = 3;
    expect(watch.busy()).toBe(false);
  });

  it('stays busy once something was moved that may go on', () => {
    const watch = new EventLoopWatch(3, () => 3);
    watch.movesData();
    expect(watch.busy()).toBe(true);
  });

  it('must turn before it blocks whenever a task has run since', () => {
    const watch = new EventLoopWatch(0, () => 0);
    expect(watch.mustTurn()).toBe(true);
    watch.turned();
    expect(watch.mustTurn()).toBe(false);
    watch.touched();
    expect(watch.mustTurn()).toBe(true);
  });

  it('sees timers by default', () => {
    const watch = new EventLoopWatch(process.getActiveResourcesInfo().length);
    expect(watch.busy()).toBe(false);
    const timer = setTimeout(() => {}, 60_000);
    expect(watch.busy()).toBe(true);
    clearTimeout(timer);
    expect(watch.busy()).toBe(false);
    const release = watch.hold();
    expect(watch.busy()).toBe(true);
    release();
    expect(watch.busy()).toBe(false);
  });
});
